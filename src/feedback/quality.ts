import { type MatrixQuality, qualityFromCounts } from '../classifier/statistics/confusion-matrix.ts';
import { type Interval, wilsonInterval } from '../classifier/statistics/wilson.ts';
import type { FeedbackStore } from './feedback-store.ts';

interface LabelReport {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
  readonly predicted: number;
  /** 95 %: wide where the label is rare. */
  readonly precisionInterval: Interval;
  readonly recallInterval: Interval;
}

/** How good the predictions were whose true label came in. */
export interface QualityReport extends Omit<MatrixQuality, 'accuracy' | 'labels'> {
  /** Null where no label came in. */
  readonly accuracy: number | null;
  /** 95 %. */
  readonly accuracyInterval: Interval;
  readonly labels: Readonly<Record<string, LabelReport>>;
}

/**
 * Measures a model version by the feedback that came in.
 *
 * @param since in milliseconds since the epoch; all feedback where it is not given
 */
export async function measureQuality(
  store: FeedbackStore,
  model: string,
  version: string,
  since?: number,
): Promise<QualityReport> {
  const quality = qualityFromCounts(await store.counts(model, version, since));
  const { labels: names, counts } = quality.confusionMatrix;
  const hits = (label: string) => counts[names.indexOf(label)]?.[names.indexOf(label)] ?? 0;
  const allHits = names.reduce((total, label) => total + hits(label), 0);
  const labels = Object.entries(quality.labels).map(([label, figures]): [string, LabelReport] => [
    label,
    {
      ...figures,
      precisionInterval: wilsonInterval(hits(label), figures.predicted),
      recallInterval: wilsonInterval(hits(label), figures.support),
    },
  ]);
  return {
    ...quality,
    accuracy: quality.count === 0 ? null : quality.accuracy,
    accuracyInterval: wilsonInterval(allHits, quality.count),
    labels: Object.fromEntries(labels),
  };
}
