import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';
import type { LogisticRegressionOptions } from './logistic-regression.ts';
import { createRandom, shuffle } from './random.ts';

/** Stands for the probability 0 where a logarithm is taken. */
const tiny = 1e-9;
/** A difference between probabilities that says nothing. */
const negligible = 1e-9;

/**
 * Multinomial logistic regression with an L2 penalty, by proximal stochastic dual coordinate ascent (Shalev-Shwartz,
 * Zhang: Accelerated proximal stochastic dual coordinate ascent for regularized loss minimization, 2014): each
 * document keeps the probabilities it is explained by so far, and every visit moves them towards those that the weights
 * predict, as far as the dual objective gains. No learning rate; a label far from a document costs it nothing.
 */
export function fitSoftmaxRegression(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  options: LogisticRegressionOptions,
): LinearWeights {
  const { rowStarts, columns, values } = matrix;
  const { cost, tolerance } = options;
  const weights = new Float32Array(matrix.features * labels);
  const bias = new Float64Array(labels);
  const order = rows.slice();
  // explained[row][label]: the probabilities of the dual solution. They start as the label itself, with all weights 0.
  const explained = new Float32Array(matrix.rows * labels);
  for (const row of order) explained[row * labels + targets[row]!] = 1;
  const rest = new Uint8Array(matrix.rows);
  const scores = new Float64Array(labels);
  const steps = new Float64Array(labels);
  const moving = new Int32Array(labels);
  const random = createRandom(options.seed);

  for (let pass = 0; pass < options.passes; pass += 1) {
    shuffle(order, random);
    let visited = 0;
    let moved = 0;
    for (const row of order) {
      if (rest[row]! > 0) {
        rest[row]! -= 1;
        continue;
      }
      visited += 1;
      const start = rowStarts[row]!;
      const end = rowStarts[row + 1]!;
      let squares = 1;
      scores.set(bias);
      for (let at = start; at < end; at += 1) {
        const value = values[at]!;
        const base = columns[at]! * labels;
        squares += value * value;
        for (let label = 0; label < labels; label += 1) scores[label]! += value * weights[base + label]!;
      }
      softmaxInPlace(scores);

      const own = row * labels;
      const share = stepLength(scores, explained, own, labels, cost * squares);
      let count = 0;
      let largest = 0;
      for (let label = 0; label < labels; label += 1) {
        const change = share * (scores[label]! - explained[own + label]!);
        if (Math.abs(change) < tolerance * 1e-3) continue;
        const before = explained[own + label]!;
        explained[own + label] = before + change;
        // The weights mirror the stored float, so take the change that was really made.
        steps[count] = cost * (before - explained[own + label]!);
        moving[count] = label;
        count += 1;
        largest = Math.max(largest, Math.abs(change));
      }
      moved += largest;
      if (largest < tolerance * 0.2) rest[row] = Math.min(5, pass);
      for (let n = 0; n < count; n += 1) bias[moving[n]!]! += steps[n]!;
      for (let at = start; at < end; at += 1) {
        const value = values[at]!;
        const base = columns[at]! * labels;
        for (let n = 0; n < count; n += 1) weights[base + moving[n]!]! += value * steps[n]!;
      }
    }
    if (moved < tolerance * 0.5 * visited) break;
  }
  return { columns: labels, weights, bias };
}

/**
 * How far to go from the explained to the predicted probabilities: where the gain in entropy, taken as linear in the
 * step, meets the growth of the penalty.
 */
function stepLength(
  predicted: Float64Array,
  explained: Float32Array,
  own: number,
  labels: number,
  curvature: number,
): number {
  let divergence = 0;
  let squares = 0;
  for (let label = 0; label < labels; label += 1) {
    const p = predicted[label]!;
    const q = explained[own + label]!;
    const difference = p - q;
    if (Math.abs(difference) < negligible) continue;
    squares += difference * difference;
    divergence += difference * Math.log((p + tiny) / (q + tiny));
  }
  return squares === 0 ? 0 : divergence / (divergence + curvature * squares);
}
