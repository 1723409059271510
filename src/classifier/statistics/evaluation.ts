import { type ConfusionMatrix, mean, type Quality, qualityFromCounts, ratio, sum } from './confusion-matrix.ts';

/** The quality of a model's predictions on labelled texts. */
export interface Evaluation {
  /** The number of predictions. */
  readonly count: number;
  /** The share of correct predictions, from 0 to 1. */
  readonly accuracy: number;
  /** The mean over labels. */
  readonly macro: Quality;
  /** The quality over all predictions. */
  readonly micro: Quality;
  readonly labels: Readonly<Record<string, Quality & { readonly support: number }>>;
  readonly confusionMatrix: ConfusionMatrix;
  /** The mean of -ln(probability of the actual label), in nats. */
  readonly logLoss: number;
  /** The mean distance between confidence and accuracy, from 0 to 1. */
  readonly expectedCalibrationError: number;
}

/** A prediction for a text, next to the text's actual label. */
export interface LabelledPrediction {
  readonly actual: string;
  readonly predicted: string;
  /** The probability of the predicted label, from 0 to 1. */
  readonly confidence: number;
  /** The probability of the actual label, from 0 to 1; 0 for a label that the model does not know. */
  readonly actualProbability: number;
}

const CALIBRATION_BINS = 15;
/**
 * The smallest distance of a probability from 0 and 1 in the log loss, as in scikit-learn's `log_loss`: one unit in the
 * last place of 1. Without it, a single confident error would make the loss infinite.
 */
const MIN_DISTANCE = 2 ** -52;

/**
 * Evaluates predictions: the figures of `qualityFromCounts`, the log loss, and the expected calibration error in 15
 * bins of equal width (Guo et al.: On calibration of modern neural networks, 2017). Without predictions all figures are
 * 0.
 */
export function evaluate(predictions: readonly LabelledPrediction[]): Evaluation {
  const { labels, ...quality } = qualityFromCounts(predictions.map((prediction) => ({ ...prediction, count: 1 })));
  return {
    ...quality,
    labels: Object.fromEntries(Object.entries(labels).map(([label, { predicted: _, ...rest }]) => [label, rest])),
    logLoss: computeLogLoss(predictions),
    expectedCalibrationError: computeCalibrationError(predictions),
  };
}

function computeLogLoss(predictions: readonly LabelledPrediction[]): number {
  const losses = predictions.map(
    ({ actualProbability }) => -Math.log(Math.min(1 - MIN_DISTANCE, Math.max(MIN_DISTANCE, actualProbability))),
  );
  return mean(losses);
}

/** Computes the sum over bins of |correct predictions - sum of confidences|, divided by the number of predictions. */
function computeCalibrationError(predictions: readonly LabelledPrediction[]): number {
  const gaps = new Array<number>(CALIBRATION_BINS).fill(0);
  for (const { actual, predicted, confidence } of predictions) {
    const bin = Math.min(CALIBRATION_BINS - 1, Math.max(0, Math.ceil(confidence * CALIBRATION_BINS) - 1));
    gaps[bin]! += (actual === predicted ? 1 : 0) - confidence;
  }
  return ratio(sum(gaps.map(Math.abs)), predictions.length);
}
