import { softmaxInPlace } from '../scoring/softmax.ts';
import type { LabelledPrediction } from '../statistics/evaluation.ts';
import type { Calibration } from './calibration.ts';

/**
 * Turns the scores from cross-validation into calibrated predictions, one for each document, next to its true label.
 *
 * @param scores `columns` scores for each document
 * @param targets the label number of each document
 */
export function predictOutOfFold(
  scores: Float64Array,
  columns: number,
  { scale, shift }: Calibration,
  targets: Uint32Array,
  labels: readonly string[],
): LabelledPrediction[] {
  const probabilities = new Float64Array(labels.length);
  const firstLabel = labels.length - columns;
  return Array.from(targets, (target, row) => {
    probabilities.fill(0);
    for (let column = 0; column < columns; column += 1) {
      probabilities[firstLabel + column] = scale * scores[row * columns + column]! + shift;
    }
    softmaxInPlace(probabilities);
    let best = 0;
    for (let at = 1; at < probabilities.length; at += 1) if (probabilities[at]! > probabilities[best]!) best = at;
    return {
      actual: labels[target]!,
      predicted: labels[best]!,
      confidence: probabilities[best]!,
      actualProbability: probabilities[target]!,
    };
  });
}
