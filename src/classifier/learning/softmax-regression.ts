import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';
import {
  costsOf,
  type LogisticRegressionOptions,
  MAX_DECREASE,
  MAX_VIOLATION,
  maxProducts,
  TOLERANCE_DECAY,
} from './logistic-regression.ts';
import { minimise } from './newton.ts';
import { createRandom, shuffle } from './random.ts';
import { softmaxLoss } from './softmax-loss.ts';

/** Added to a probability before its logarithm, because it can be 0. */
const EPSILON = 1e-9;
/** A smaller difference between two probabilities counts as none. */
const MIN_DIFFERENCE = 1e-9;
/** The maximum number of passes that skip a document which hardly changed. */
const MAX_SKIPPED_PASSES = 5;
/** The number of extra visits of a document whose probabilities have not converged, before the next pass. */
const EXTRA_VISITS = 20;

/**
 * Fits logistic regression for three labels or more (softmax regression) with an L2 penalty, by proximal stochastic
 * dual coordinate ascent (Shalev-Shwartz, Zhang: Accelerated proximal stochastic dual coordinate ascent for regularized
 * loss minimization, 2014). It minimises `|W|² / 2 + C Σ -ln p(label of x | x)`.
 *
 * The dual solution of a document is a probability q for each label, and `W = C Σ x (y - q)ᵀ`. Here y is 1 for the
 * document's label and 0 for others. The paper's alpha corresponds to `y - q`. A step moves q of one document towards the
 * probabilities p that W predicts: `q + s (p - q)`. The method needs no learning rate. A label with a tiny step is left
 * out, so labels far from a document cost no time. A document with a small change is skipped for up to 5 passes, as in
 * `fitLogisticRegression`.
 *
 * @param rows the documents to learn from
 * @param targets the label number of every row of the matrix
 * @param labels the number of labels
 */
export function fitSoftmaxRegression(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  options: LogisticRegressionOptions,
): LinearWeights {
  const { rowStarts, columns, values } = matrix;
  let { tolerance } = options;
  const costs = costsOf(matrix, options);
  const weights = new Float32Array(matrix.featureCount * labels);
  const bias = new Float64Array(labels);
  const order = rows.slice();
  // q of each row and label. It starts as y, which makes all weights 0.
  const duals = new Float32Array(matrix.rowCount * labels);
  for (const row of order) duals[row * labels + targets[row]!] = 1;
  const passesToSkip = new Uint8Array(matrix.rowCount);
  const predicted = new Float64Array(labels);
  const changedLabels = new Int32Array(labels);
  const weightSteps = new Float64Array(labels);
  const random = createRandom(options.seed);

  for (let pass = 0; pass < options.maxPasses; pass += 1) {
    shuffle(order, random);
    let visitedRows = 0;
    let totalChange = 0;
    for (const row of order) {
      if (passesToSkip[row]! > 0) {
        passesToSkip[row]! -= 1;
        continue;
      }
      visitedRows += 1;
      const change = visit(row);
      totalChange += change;
      if (change < tolerance * 0.2) passesToSkip[row] = Math.min(MAX_SKIPPED_PASSES, pass);
    }
    if (totalChange >= tolerance * 0.5 * visitedRows) continue;
    const violating = options.isRough ? [] : findViolations();
    if (violating.length === 0) return { columns: labels, weights, bias };
    for (let visits = 0; visits < EXTRA_VISITS; visits += 1) for (const row of violating) visit(row);
    tolerance *= TOLERANCE_DECAY;
  }
  if (options.endsAfterPasses) return { columns: labels, weights, bias };
  const variables = new Float64Array(weights.length + labels);
  variables.set(weights);
  variables.set(bias, weights.length);
  minimise(
    variables,
    softmaxLoss(matrix, rows, targets, labels, costs),
    MAX_DECREASE * options.cost,
    maxProducts(matrix, labels),
  );
  weights.set(variables.subarray(0, weights.length));
  return { columns: labels, weights, bias: variables.slice(weights.length) };

  /** Optimises the dual variables of one document, and returns the largest change of one. */
  function visit(row: number): number {
    const cost = costs[row]!;
    const start = rowStarts[row]!;
    const end = rowStarts[row + 1]!;
    let squaredNorm = 1;
    predicted.set(bias);
    for (let at = start; at < end; at += 1) {
      const value = values[at]!;
      const base = columns[at]! * labels;
      squaredNorm += value * value;
      for (let label = 0; label < labels; label += 1) predicted[label]! += value * weights[base + label]!;
    }
    softmaxInPlace(predicted);

    const firstDual = row * labels;
    const stepSize = chooseStepSize(predicted, duals, firstDual, labels, cost * squaredNorm);
    let changedCount = 0;
    let maxChange = 0;
    for (let label = 0; label < labels; label += 1) {
      const before = duals[firstDual + label]!;
      const change = stepSize * (predicted[label]! - before);
      if (Math.abs(change) < tolerance * 1e-3) continue;
      duals[firstDual + label] = before + change;
      // The 32-bit array rounds. The weights must match the stored value, so the step uses the rounded change.
      weightSteps[changedCount] = cost * (before - duals[firstDual + label]!);
      changedLabels[changedCount] = label;
      changedCount += 1;
      maxChange = Math.max(maxChange, Math.abs(change));
    }
    for (let n = 0; n < changedCount; n += 1) bias[changedLabels[n]!]! += weightSteps[n]!;
    for (let at = start; at < end; at += 1) {
      const value = values[at]!;
      const base = columns[at]! * labels;
      for (let n = 0; n < changedCount; n += 1) weights[base + changedLabels[n]!]! += value * weightSteps[n]!;
    }
    return maxChange;
  }

  /** Returns the documents whose probabilities have not converged. */
  function findViolations(): number[] {
    const violating: number[] = [];
    for (const row of rows) {
      predicted.set(bias);
      const end = rowStarts[row + 1]!;
      for (let at = rowStarts[row]!; at < end; at += 1) {
        const value = values[at]!;
        const base = columns[at]! * labels;
        for (let label = 0; label < labels; label += 1) predicted[label]! += value * weights[base + label]!;
      }
      softmaxInPlace(predicted);
      let violation = 0;
      for (let label = 0; label < labels; label += 1) {
        violation = Math.max(violation, Math.abs(duals[row * labels + label]! - predicted[label]!));
      }
      if (violation > MAX_VIOLATION) violating.push(row);
    }
    return violating;
  }
}

/**
 * Returns the step size s, 0 to 1, that approximately maximises the dual objective. The derivative of the objective by
 * s, divided by C, is about `(1 - s) Σ (p - q) ln(p / q) - s C |x|² Σ (p - q)²`. The first term is the derivative of the
 * entropy, taken as linear: it is exact at s = 0 and s = 1. The step size is the root of this derivative.
 *
 * @param firstDual the position in `duals` of the document's first label
 * @param curvature C |x|²
 */
function chooseStepSize(
  predicted: Float64Array,
  duals: Float32Array,
  firstDual: number,
  labels: number,
  curvature: number,
): number {
  let divergence = 0;
  let squares = 0;
  for (let label = 0; label < labels; label += 1) {
    const p = predicted[label]!;
    const q = duals[firstDual + label]!;
    const difference = p - q;
    if (Math.abs(difference) < MIN_DIFFERENCE) continue;
    squares += difference * difference;
    divergence += difference * Math.log((p + EPSILON) / (q + EPSILON));
  }
  return squares === 0 ? 0 : divergence / (divergence + curvature * squares);
}
