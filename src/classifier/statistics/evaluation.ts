import { type ConfusionMatrix, mean, type Quality, qualityFromCounts, ratio, sum } from './confusion-matrix.ts';

/** How good a model's answers were on labelled texts. */
export interface Evaluation {
  readonly count: number;
  readonly accuracy: number;
  readonly macro: Quality;
  readonly micro: Quality;
  readonly labels: Readonly<Record<string, Quality & { readonly support: number }>>;
  readonly confusionMatrix: ConfusionMatrix;
  readonly logLoss: number;
  readonly expectedCalibrationError: number;
}

/** One answer and the truth. */
export interface LabelledPrediction {
  readonly actual: string;
  readonly predicted: string;
  readonly confidence: number;
  /** Probability that the model gave the actual label; 0 for a label it does not know. */
  readonly actualProbability: number;
}

const calibrationBins = 15;
// As scikit-learn's log_loss: one ulp of 1, so that a certain error costs much and not everything.
const certainty = 2 ** -52;

/**
 * Accuracy, precision, recall and F1 for each label, their mean over labels (macro) and over answers (micro), the
 * confusion matrix, log loss, and the expected calibration error in 15 bins of equal width (Guo et al., 2017).
 * Labels are those that occur, as actual or predicted, in code unit order. All 0 for no predictions.
 */
export function evaluate(predictions: readonly LabelledPrediction[]): Evaluation {
  const { labels, ...quality } = qualityFromCounts(predictions.map((prediction) => ({ ...prediction, count: 1 })));
  return {
    ...quality,
    labels: Object.fromEntries(Object.entries(labels).map(([label, { predicted: _, ...rest }]) => [label, rest])),
    logLoss: logLoss(predictions),
    expectedCalibrationError: expectedCalibrationError(predictions),
  };
}

function logLoss(predictions: readonly LabelledPrediction[]): number {
  const losses = predictions.map(
    ({ actualProbability }) => -Math.log(Math.min(1 - certainty, Math.max(certainty, actualProbability))),
  );
  return mean(losses);
}

function expectedCalibrationError(predictions: readonly LabelledPrediction[]): number {
  const gaps = new Array<number>(calibrationBins).fill(0);
  for (const { actual, predicted, confidence } of predictions) {
    const bin = Math.min(calibrationBins - 1, Math.max(0, Math.ceil(confidence * calibrationBins) - 1));
    gaps[bin]! += (actual === predicted ? 1 : 0) - confidence;
  }
  return ratio(sum(gaps.map(Math.abs)), predictions.length);
}
