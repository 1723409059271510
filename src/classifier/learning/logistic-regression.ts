import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { minimise, type Objective } from './newton.ts';
import { createRandom, shuffle } from './random.ts';

/** Options of the solvers for two labels and for more labels. */
export interface LogisticRegressionOptions {
  /** The inverse strength of the L2 penalty, C in the papers and in scikit-learn. */
  readonly cost: number;
  readonly seed: number;
  /** The maximum number of passes over the documents. */
  readonly maxPasses: number;
  /**
   * A pass that changes the dual variables by less than this, as shares of `cost`, is followed by a check of the probabilities.
   * With two labels it is the largest change, with more labels twice the mean change. If they have not converged, the solver
   * goes on with a smaller tolerance.
   */
  readonly tolerance: number;
  /** If true, a solver for more labels may end before the probabilities have converged. It takes a third of the time. */
  readonly isRough?: boolean;
  /** If true, the solver ends after `maxPasses`, converged or not. Otherwise Newton's method follows. */
  readonly endsAfterPasses?: boolean;
  /** The weight of every row of the matrix in the loss. Without it each weight is 1. */
  readonly rowWeights?: Float32Array | undefined;
}

/**
 * The largest difference between a dual variable, as a share of `cost`, and the probability that the weights predict. Both
 * are equal at the optimum. If documents are alike, their probabilities are at most this far from the optimal ones.
 */
export const MAX_VIOLATION = 0.005;
/** The factor by which the tolerance becomes smaller while a violation is too large. */
export const TOLERANCE_DECAY = 0.3;
/** The decrease of the loss, as a multiple of `cost`, at which Newton's method ends. */
export const MAX_DECREASE = 0.0005;
/** The limit of the work of Newton's method, in entries of the matrix times columns times products. */
const MAX_NEWTON_WORK = 1e9;
/** The start value of a dual variable, as a share of `cost`. It must lie strictly between 0 and 1. */
const INITIAL_ALPHA = 0.001;
/** The distance that keeps a dual variable, as a share of `cost`, from 0 and 1. */
const MIN_DISTANCE = 1e-12;
const MAX_NEWTON_STEPS = 30;
/** The maximum number of passes that skip a document which hardly changed. */
const MAX_SKIPPED_PASSES = 4;

/**
 * Fits logistic regression for two labels with an L2 penalty, by dual coordinate descent (Yu, Huang, Lin: Dual
 * coordinate descent methods for logistic regression and maximum entropy models, 2011, algorithm 5). It minimises
 * `|w|² / 2 + C Σ ln(1 + exp(-y w·x))`. Each step optimises the dual variable of one document by Newton's method. A pass
 * takes time linear in the entries of the matrix, and needs no learning rate. The bias is the weight of a feature that
 * has the value 1 in every document. It ends when the probabilities have converged, and not only the labels.
 *
 * A document with a small change is skipped for up to 4 passes, a simple form of shrinking (Hsieh et al.: A dual
 * coordinate descent method for large-scale linear SVM, 2008, section 3.2).
 *
 * @param rows the documents to learn from
 * @param targets the label of every row of the matrix: 0 or 1
 */
export function fitLogisticRegression(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  options: LogisticRegressionOptions,
): LinearWeights {
  let { tolerance } = options;
  const costs = costsOf(matrix, options);
  // The last variable is the bias.
  const weights = new Float64Array(matrix.featureCount + 1);
  // The dual variables as shares of C, so each lies between 0 and 1.
  const alphas = new Float64Array(matrix.rowCount).fill(INITIAL_ALPHA);
  const squaredNorms = computeSquaredNorms(matrix);
  const order = rows.slice();
  for (const row of order) {
    const step = (targets[row] === 1 ? 1 : -1) * costs[row]! * alphas[row]!;
    addRow(matrix, row, step, weights);
  }
  const random = createRandom(options.seed);
  const passesToSkip = new Uint8Array(matrix.rowCount);
  for (let pass = 0; pass < options.maxPasses; pass += 1) {
    shuffle(order, random);
    let maxChange = 0;
    for (const row of order) {
      if (passesToSkip[row]! > 0) {
        passesToSkip[row]! -= 1;
        continue;
      }
      const y = targets[row] === 1 ? 1 : -1;
      const cost = costs[row]!;
      const score = scoreOf(matrix, row, weights);
      const before = alphas[row]!;
      const alpha = solveSubproblem(before, y * score, cost * squaredNorms[row]!);
      const change = alpha - before;
      if (Math.abs(change) < tolerance * 0.1) passesToSkip[row] = Math.min(MAX_SKIPPED_PASSES, pass);
      maxChange = Math.max(maxChange, Math.abs(change));
      if (change === 0) continue;
      alphas[row] = alpha;
      addRow(matrix, row, y * cost * change, weights);
    }
    if (maxChange >= tolerance) continue;
    if (findViolations() <= MAX_VIOLATION) return toLinearWeights();
    tolerance *= TOLERANCE_DECAY;
  }
  if (options.endsAfterPasses) return toLinearWeights();
  // Coordinate descent is slow for documents that are alike, and Newton's method is not.
  minimise(weights, logisticLoss(matrix, rows, targets, costs), MAX_DECREASE * options.cost, maxProducts(matrix, 1));
  return toLinearWeights();

  /** Returns the largest violation. The next passes skip documents with small ones. */
  function findViolations(): number {
    let largest = 0;
    for (const row of rows) {
      const score = scoreOf(matrix, row, weights);
      const p = 1 / (1 + Math.exp(targets[row] === 1 ? score : -score));
      const violation = Math.abs(alphas[row]! - p);
      passesToSkip[row] = violation > 0.5 * MAX_VIOLATION ? 0 : MAX_SKIPPED_PASSES;
      largest = Math.max(largest, violation);
    }
    return largest;
  }

  function toLinearWeights(): LinearWeights {
    const { featureCount } = matrix;
    return {
      columns: 1,
      weights: Float32Array.from(weights.subarray(0, featureCount)),
      bias: weights.slice(featureCount),
    };
  }
}

/** Returns the number of products with the Hessian matrix that Newton's method may take. */
export function maxProducts(matrix: WeightedMatrix, columns: number): number {
  return Math.max(10, Math.floor(MAX_NEWTON_WORK / (matrix.columns.length * columns + 1)));
}

function scoreOf({ rowStarts, columns, values, featureCount }: WeightedMatrix, row: number, weights: Float64Array) {
  let score = weights[featureCount]!;
  const end = rowStarts[row + 1]!;
  for (let at = rowStarts[row]!; at < end; at += 1) score += values[at]! * weights[columns[at]!]!;
  return score;
}

/** Returns the cost of each row: `cost` times the weight of the row. */
export function costsOf(matrix: WeightedMatrix, { cost, rowWeights }: LogisticRegressionOptions): Float64Array {
  return Float64Array.from({ length: matrix.rowCount }, (_, row) => cost * (rowWeights?.[row] ?? 1));
}

/** Returns the penalised loss as a function of the weights and, as the last variable, the bias. */
function logisticLoss(matrix: WeightedMatrix, rows: Uint32Array, targets: Uint32Array, costs: Float64Array): Objective {
  const { rowStarts, columns, values, featureCount } = matrix;
  // The second derivative of each row's loss.
  const curvatures = new Float64Array(matrix.rowCount);
  return {
    evaluate(weights, gradient) {
      let loss = 0;
      gradient.set(weights);
      for (let at = 0; at < weights.length; at += 1) loss += 0.5 * weights[at]! ** 2;
      for (const row of rows) {
        const score = scoreOf(matrix, row, weights);
        const isPositive = targets[row] === 1;
        const margin = isPositive ? score : -score;
        loss += costs[row]! * (Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))));
        const p = 1 / (1 + Math.exp(-score));
        curvatures[row] = costs[row]! * p * (1 - p);
        addRow(matrix, row, costs[row]! * (p - (isPositive ? 1 : 0)), gradient);
      }
      return loss;
    },
    multiplyHessian(direction, product) {
      product.set(direction);
      for (const row of rows) addRow(matrix, row, curvatures[row]! * scoreOf(matrix, row, direction), product);
    },
    hessianDiagonal(diagonal) {
      diagonal.fill(1);
      for (const row of rows) {
        const end = rowStarts[row + 1]!;
        for (let at = rowStarts[row]!; at < end; at += 1) {
          diagonal[columns[at]!]! += curvatures[row]! * values[at]! ** 2;
        }
        diagonal[featureCount]! += curvatures[row]!;
      }
    },
  };
}

/**
 * Returns the optimal value of one dual variable, as a share of C: the root in (0, 1) of
 * `ln(alpha / (1 - alpha)) + margin + (alpha - before) * curvature`. The function rises from minus infinity to plus
 * infinity, so Newton's method with bisection as a fallback always converges.
 *
 * @param before the current value of the dual variable
 * @param margin `y w·x`
 * @param curvature C times the squared norm of x
 */
function solveSubproblem(before: number, margin: number, curvature: number): number {
  let low = 0;
  let high = 1;
  let alpha = before;
  for (let step = 0; step < MAX_NEWTON_STEPS; step += 1) {
    const derivative = Math.log(alpha / (1 - alpha)) + margin + (alpha - before) * curvature;
    if (derivative > 0) high = alpha;
    else low = alpha;
    let next = alpha - derivative / (1 / (alpha * (1 - alpha)) + curvature);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next < MIN_DISTANCE || next > 1 - MIN_DISTANCE) {
      return Math.min(1 - MIN_DISTANCE, Math.max(MIN_DISTANCE, next));
    }
    if (Math.abs(next - alpha) < 1e-6 * Math.min(next, 1 - next) + 1e-12) return next;
    alpha = next;
  }
  return alpha;
}

/** Returns the squared Euclidean norm of each row, with 1 added for the bias. */
function computeSquaredNorms(matrix: WeightedMatrix): Float64Array {
  const squaredNorms = new Float64Array(matrix.rowCount).fill(1);
  for (let row = 0; row < matrix.rowCount; row += 1) {
    const end = matrix.rowStarts[row + 1]!;
    for (let at = matrix.rowStarts[row]!; at < end; at += 1) squaredNorms[row]! += matrix.values[at]! ** 2;
  }
  return squaredNorms;
}

/** Adds `step` times a row to the weights and, as the last variable, the bias. */
function addRow(matrix: WeightedMatrix, row: number, step: number, weights: Float64Array): void {
  const { rowStarts, columns, values, featureCount } = matrix;
  const end = rowStarts[row + 1]!;
  for (let at = rowStarts[row]!; at < end; at += 1) weights[columns[at]!]! += step * values[at]!;
  weights[featureCount]! += step;
}
