import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { createRandom, shuffle } from './random.ts';

/** Settings of the solver. */
export interface LogisticRegressionOptions {
  /** Inverse strength of the L2 penalty, as scikit-learn's `C`. */
  readonly cost: number;
  readonly seed: number;
  /** Passes over the documents at most. */
  readonly passes: number;
  /** The solver is done once no document's dual variable moves by more than this share of `cost`. */
  readonly tolerance: number;
}

const smallest = 1e-12;

/**
 * Two-label logistic regression with an L2 penalty by dual coordinate ascent: one document's dual variable is brought
 * to its optimum at a time, by Newton's method (Yu, Huang, Lin: Dual coordinate descent methods for logistic regression
 * and maximum entropy models, 2011, algorithm 5). Linear in the entries of the matrix; needs no learning rate.
 *
 * @param rows the documents to learn from
 * @param targets 0 or 1 for each row of the matrix: the label
 */
export function fitLogisticRegression(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  options: LogisticRegressionOptions,
): LinearWeights {
  const { rowStarts, columns, values } = matrix;
  const { cost, tolerance } = options;
  const weights = new Float64Array(matrix.features);
  let bias = 0;
  // alpha / cost: the share of the way from "this document asks nothing" to "it asks all it can".
  const alphas = new Float64Array(matrix.rows).fill(0.001);
  const squares = rowSquares(matrix);
  const order = rows.slice();
  for (const row of order) {
    const step = (targets[row] === 1 ? 1 : -1) * cost * alphas[row]!;
    bias += step;
    addRow(matrix, row, step, weights);
  }
  const random = createRandom(options.seed);
  const rest = new Uint8Array(matrix.rows);
  for (let pass = 0; pass < options.passes; pass += 1) {
    shuffle(order, random);
    let moved = 0;
    for (const row of order) {
      if (rest[row]! > 0) {
        rest[row]! -= 1;
        continue;
      }
      const sign = targets[row] === 1 ? 1 : -1;
      let score = bias;
      const end = rowStarts[row + 1]!;
      for (let at = rowStarts[row]!; at < end; at += 1) score += values[at]! * weights[columns[at]!]!;
      const before = alphas[row]!;
      const after = solveOne(before, sign * score, cost * squares[row]!);
      const change = after - before;
      if (Math.abs(change) < tolerance * 0.1) rest[row] = Math.min(4, pass);
      moved = Math.max(moved, Math.abs(change));
      if (change === 0) continue;
      alphas[row] = after;
      const step = sign * cost * change;
      bias += step;
      for (let at = rowStarts[row]!; at < end; at += 1) weights[columns[at]!]! += step * values[at]!;
    }
    if (moved < tolerance) break;
  }
  return { columns: 1, weights: Float32Array.from(weights), bias: Float64Array.of(bias) };
}

/**
 * The a in (0, 1) at which ln(a / (1 - a)) + margin + (a - before) * curvature is 0: the optimum of the dual in one
 * variable. The left side rises from minus to plus infinity, so Newton's method guarded by bisection cannot miss it.
 */
function solveOne(before: number, margin: number, curvature: number): number {
  let low = 0;
  let high = 1;
  let a = before;
  for (let step = 0; step < 30; step += 1) {
    const slope = Math.log(a / (1 - a)) + margin + (a - before) * curvature;
    if (slope > 0) high = a;
    else low = a;
    let next = a - slope / (1 / (a * (1 - a)) + curvature);
    if (!(next > low && next < high)) next = (low + high) / 2;
    if (next < smallest || next > 1 - smallest) return Math.min(1 - smallest, Math.max(smallest, next));
    if (Math.abs(next - a) < 1e-6 * Math.min(next, 1 - next) + 1e-12) return next;
    a = next;
  }
  return a;
}

/** Squared length of each row, plus 1 for the bias, which is a feature of every document. */
function rowSquares(matrix: WeightedMatrix): Float64Array {
  const squares = new Float64Array(matrix.rows).fill(1);
  for (let row = 0; row < matrix.rows; row += 1) {
    const end = matrix.rowStarts[row + 1]!;
    for (let at = matrix.rowStarts[row]!; at < end; at += 1) squares[row]! += matrix.values[at]! ** 2;
  }
  return squares;
}

function addRow(matrix: WeightedMatrix, row: number, step: number, weights: Float64Array): void {
  const end = matrix.rowStarts[row + 1]!;
  for (let at = matrix.rowStarts[row]!; at < end; at += 1) {
    weights[matrix.columns[at]!]! += step * matrix.values[at]!;
  }
}
