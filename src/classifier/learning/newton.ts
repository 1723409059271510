/** A convex function of many variables with two derivatives. */
export interface Objective {
  /**
   * Returns the value at a point, and writes the gradient. The other two functions refer to the point of the latest call.
   */
  evaluate(point: Float64Array, gradient: Float64Array): number;
  /** Writes the product of the Hessian matrix and a direction. */
  multiplyHessian(direction: Float64Array, product: Float64Array): void;
  /** Writes the diagonal of the Hessian matrix. */
  hessianDiagonal(diagonal: Float64Array): void;
}

/** The largest number of products with the Hessian matrix for one step of Newton's method. */
const MAX_PRODUCTS_PER_STEP = 60;
const MAX_STEPS = 30;
/** The residual of each system of equations, as a share of the gradient. */
const MAX_RESIDUAL = 0.01;
/** The decrease that a step must reach, as a share of the decrease that the gradient promises. */
const SUFFICIENT_DECREASE = 1e-4;
const MIN_STEP_SIZE = 1e-8;

/**
 * Moves a point to the minimum of a function, in place, by Newton's method with truncated conjugate gradients and a
 * diagonal preconditioner (Nocedal, Wright: Numerical optimization, 2006, algorithm 7.1). It ends after a step that could
 * lower the value by `maxDecrease` at most, or after `maxProducts` products with the Hessian matrix.
 */
export function minimise(point: Float64Array, objective: Objective, maxDecrease: number, maxProducts: number): void {
  const size = point.length;
  const gradient = new Float64Array(size);
  const candidate = new Float64Array(size);
  const direction = new Float64Array(size);
  let value = objective.evaluate(point, gradient);
  let products = 0;
  for (let step = 0; step < MAX_STEPS && products < maxProducts; step += 1) {
    products += solve(objective, gradient, direction, maxProducts - products);
    const slope = dot(gradient, direction);
    let stepSize = 1;
    let next = move(stepSize);
    while (!(next <= value + SUFFICIENT_DECREASE * stepSize * slope) && stepSize > MIN_STEP_SIZE) {
      stepSize /= 2;
      next = move(stepSize);
    }
    if (!(next <= value)) return;
    point.set(candidate);
    value = next;
    if (-slope / 2 <= maxDecrease) break;
  }

  function move(stepSize: number): number {
    for (let at = 0; at < size; at += 1) candidate[at] = point[at]! + stepSize * direction[at]!;
    return objective.evaluate(candidate, gradient);
  }
}

/** Solves `Hessian * direction = -gradient` approximately, and returns the number of products. */
function solve(objective: Objective, gradient: Float64Array, direction: Float64Array, maxProducts: number): number {
  const size = gradient.length;
  const diagonal = new Float64Array(size);
  objective.hessianDiagonal(diagonal);
  const residual = gradient.map((value) => -value);
  const conditioned = residual.map((value, at) => value / diagonal[at]!);
  const search = conditioned.slice();
  const product = new Float64Array(size);
  direction.fill(0);
  const goal = MAX_RESIDUAL ** 2 * dot(residual, residual);
  let rho = dot(residual, conditioned);
  let products = 0;
  while (products < Math.min(MAX_PRODUCTS_PER_STEP, maxProducts)) {
    objective.multiplyHessian(search, product);
    products += 1;
    const alpha = rho / dot(search, product);
    let squares = 0;
    for (let at = 0; at < size; at += 1) {
      direction[at]! += alpha * search[at]!;
      residual[at]! -= alpha * product[at]!;
      squares += residual[at]! ** 2;
    }
    if (squares <= goal) break;
    for (let at = 0; at < size; at += 1) conditioned[at] = residual[at]! / diagonal[at]!;
    const nextRho = dot(residual, conditioned);
    const beta = nextRho / rho;
    rho = nextRho;
    for (let at = 0; at < size; at += 1) search[at] = conditioned[at]! + beta * search[at]!;
  }
  return products;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < left.length; at += 1) sum += left[at]! * right[at]!;
  return sum;
}
