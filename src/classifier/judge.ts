import type { Calibration } from './calibration.ts';
import type { Judgement } from './evaluation.ts';
import { softmaxInPlace } from './softmax-regression.ts';

/** The answers that calibrated scores amount to, beside the truth. */
export function judge(
  scores: Float64Array,
  columns: number,
  calibration: Calibration,
  targets: Uint32Array,
  labels: readonly string[],
): Judgement[] {
  const probabilities = new Float64Array(labels.length);
  return Array.from(targets, (target, row) => {
    probabilities.fill(0);
    for (let column = 0; column < columns; column += 1) {
      probabilities[labels.length - columns + column] =
        calibration.scale * scores[row * columns + column]! + calibration.shift;
    }
    softmaxInPlace(probabilities);
    const confidence = Math.max(...probabilities);
    return {
      actual: labels[target]!,
      predicted: labels[probabilities.indexOf(confidence)]!,
      confidence,
      actualProbability: probabilities[target]!,
    };
  });
}
