import { type MatrixQuality, qualityFromCounts } from '../classifier/statistics/confusion-matrix.ts';
import { type Interval, wilsonInterval } from '../classifier/statistics/wilson.ts';
import type { FeedbackStore } from './feedback-store.ts';

/** Precision, recall and F1 of one label. */
interface LabelReport {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
  readonly predicted: number;
  /** The 95 % interval. It is wide if the label is rare. */
  readonly precisionInterval: Interval;
  readonly recallInterval: Interval;
}

/** The quality of the predictions that have feedback. */
export interface QualityReport extends Omit<MatrixQuality, 'accuracy' | 'labels'> {
  /** Null without feedback. */
  readonly accuracy: number | null;
  /** The 95 % interval. */
  readonly accuracyInterval: Interval;
  readonly labels: Readonly<Record<string, LabelReport>>;
}

/**
 * Measures the quality of a model version from its feedback.
 *
 * @param since the start in milliseconds since the epoch; without it, all feedback counts
 * @throws {FeedbackStoreError} if the store cannot be read
 */
export async function measureQuality(
  store: FeedbackStore,
  model: string,
  version: string,
  since?: number,
): Promise<QualityReport> {
  const quality = qualityFromCounts(await store.counts(model, version, since));
  const { labels: names, counts } = quality.confusionMatrix;
  const correct = (label: string) => counts[names.indexOf(label)]?.[names.indexOf(label)] ?? 0;
  const totalCorrect = names.reduce((total, label) => total + correct(label), 0);
  const labels = Object.entries(quality.labels).map(([label, figures]): [string, LabelReport] => [
    label,
    {
      ...figures,
      precisionInterval: wilsonInterval(correct(label), figures.predicted),
      recallInterval: wilsonInterval(correct(label), figures.support),
    },
  ]);
  return {
    ...quality,
    accuracy: quality.count === 0 ? null : quality.accuracy,
    accuracyInterval: wilsonInterval(totalCorrect, quality.count),
    labels: Object.fromEntries(labels),
  };
}
