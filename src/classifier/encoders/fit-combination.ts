import { blendScores, chooseBlendRatio } from '../learning/blend.ts';
import { fitCalibration } from '../learning/calibration.ts';
import { type Combination, combineProbabilities, logProbability } from '../scoring/encoder-model.ts';
import { columnsFor } from '../scoring/linear-weights.ts';

/**
 * Fits the product of two classifiers' probabilities (a logarithmic opinion pool: Genest, Zidek: Combining probability
 * distributions, 1986) on documents that neither saw: the ratio of the weights for the highest accuracy, and the temperature for
 * the lowest log loss.
 *
 * @param linear the probabilities of each document by the linear model, one for each label
 * @param encoder those by the encoder's head
 * @param targets the label number of each document
 */
export function fitCombination(
  linear: Float64Array,
  encoder: Float64Array,
  targets: Uint32Array,
  labels: number,
): Combination {
  const columns = columnsFor(labels);
  const first = toScores(linear, labels, columns);
  const second = toScores(encoder, labels, columns);
  const ratio = chooseBlendRatio(first, second, columns, targets);
  const { scale, shift } = fitCalibration(blendScores(first, second, ratio), columns, targets);
  return { linear: scale, encoder: scale * ratio, shift };
}

/** Returns the product for each document. */
export function combineAll(
  linear: Float64Array,
  encoder: Float64Array,
  labels: number,
  combination: Combination,
): Float64Array {
  const combined = new Float64Array(linear.length);
  for (let at = 0; at < linear.length; at += labels) {
    const own = [linear, encoder].map((all) => all.subarray(at, at + labels)) as [Float64Array, Float64Array];
    combined.set(combineProbabilities(...own, combination), at);
  }
  return combined;
}

/** Returns the logarithms of probabilities; with two labels the log-odds of the second. */
function toScores(probabilities: Float64Array, labels: number, columns: number): Float64Array {
  if (columns === labels) return probabilities.map(logProbability);
  return Float64Array.from(
    { length: probabilities.length / labels },
    (_, row) => logProbability(probabilities[row * 2 + 1]!) - logProbability(probabilities[row * 2]!),
  );
}
