import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { createRandom, shuffle } from './random.ts';

/** Options of the solvers for two labels and for more labels. */
export interface LogisticRegressionOptions {
  /** The inverse strength of the L2 penalty, C in the papers and in scikit-learn. */
  readonly cost: number;
  readonly seed: number;
  /** The maximum number of passes over the documents. */
  readonly maxPasses: number;
  /**
   * The solver stops after a pass with small changes of the dual variables, as shares of `cost`. With two labels the
   * largest change must be below `tolerance`, with more labels the mean change below half of it.
   */
  readonly tolerance: number;
}

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
 * has the value 1 in every document.
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
  const { rowStarts, columns, values } = matrix;
  const { cost, tolerance } = options;
  const weights = new Float64Array(matrix.featureCount);
  let bias = 0;
  // The dual variables as shares of C, so each lies between 0 and 1.
  const alphas = new Float64Array(matrix.rowCount).fill(INITIAL_ALPHA);
  const squaredNorms = computeSquaredNorms(matrix);
  const order = rows.slice();
  for (const row of order) {
    const step = (targets[row] === 1 ? 1 : -1) * cost * alphas[row]!;
    bias += step;
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
      let score = bias;
      const end = rowStarts[row + 1]!;
      for (let at = rowStarts[row]!; at < end; at += 1) score += values[at]! * weights[columns[at]!]!;
      const before = alphas[row]!;
      const alpha = solveSubproblem(before, y * score, cost * squaredNorms[row]!);
      const change = alpha - before;
      if (Math.abs(change) < tolerance * 0.1) passesToSkip[row] = Math.min(MAX_SKIPPED_PASSES, pass);
      maxChange = Math.max(maxChange, Math.abs(change));
      if (change === 0) continue;
      alphas[row] = alpha;
      const step = y * cost * change;
      bias += step;
      for (let at = rowStarts[row]!; at < end; at += 1) weights[columns[at]!]! += step * values[at]!;
    }
    if (maxChange < tolerance) break;
  }
  return { columns: 1, weights: Float32Array.from(weights), bias: Float64Array.of(bias) };
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

function addRow(matrix: WeightedMatrix, row: number, step: number, weights: Float64Array): void {
  const end = matrix.rowStarts[row + 1]!;
  for (let at = matrix.rowStarts[row]!; at < end; at += 1) {
    weights[matrix.columns[at]!]! += step * matrix.values[at]!;
  }
}
