import type { LabelledPrediction } from '../../classifier/statistics/evaluation.ts';

/** The predictions with a confidence in one range. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly meanConfidence: number;
  /** The share of correct predictions. */
  readonly accuracy: number;
}

/** A wrong prediction. */
export interface Mistake {
  readonly text: string;
  readonly actual: string;
  readonly predicted: string;
  readonly confidence: number;
}

/** The parts of an evaluation that only the page shows. */
export interface EvaluationDetails {
  readonly bins: readonly CalibrationBin[];
  /** The wrong predictions with the highest confidence, highest first. */
  readonly mistakes: readonly Mistake[];
}

/** Collects the details of an evaluation, one prediction at a time. */
export interface DetailsCollector {
  add(text: string, prediction: LabelledPrediction): void;
  finish(): EvaluationDetails;
}

const BINS = 10;
const MAX_MISTAKES = 25;
const MAX_TEXT_CHARACTERS = 300;

/** Creates a collector without predictions. */
export function createDetailsCollector(): DetailsCollector {
  const counts = new Float64Array(BINS);
  const confidences = new Float64Array(BINS);
  const correct = new Float64Array(BINS);
  let mistakes: Mistake[] = [];
  const worst = () => mistakes.sort((a, b) => b.confidence - a.confidence).slice(0, MAX_MISTAKES);
  return {
    add(text, { actual, predicted, confidence }) {
      const bin = Math.min(BINS - 1, Math.floor(confidence * BINS));
      counts[bin]! += 1;
      confidences[bin]! += confidence;
      if (actual === predicted) {
        correct[bin]! += 1;
        return;
      }
      mistakes.push({ text: text.slice(0, MAX_TEXT_CHARACTERS).toWellFormed(), actual, predicted, confidence });
      if (mistakes.length > 10 * MAX_MISTAKES) mistakes = worst();
    },
    finish: () => ({
      bins: Array.from(counts, (count, at) => ({
        from: at / BINS,
        to: (at + 1) / BINS,
        count,
        meanConfidence: count === 0 ? 0 : confidences[at]! / count,
        accuracy: count === 0 ? 0 : correct[at]! / count,
      })).filter(({ count }) => count > 0),
      mistakes: worst(),
    }),
  };
}
