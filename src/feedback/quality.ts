import { type MatrixQuality, qualityFromCounts, sum } from '../classifier/statistics/confusion-matrix.ts';
import {
  ANSWERED_SHARES,
  accuracyByCoverage,
  type CoveragePoint,
  pointsAtShares,
} from '../classifier/statistics/coverage.ts';
import { checkFairness, type SampleFairness } from '../classifier/statistics/fairness.ts';
import { type Interval, wilsonInterval } from '../classifier/statistics/wilson.ts';
import {
  type ConfidenceCount,
  hourOf,
  LABEL_SOURCES,
  type LabelCount,
  type LabelQuery,
  type LabelSource,
  type VersionKey,
} from './database/feedback.ts';
import type { FeedbackStore } from './feedback-store.ts';

const HOUR_MS = 3_600_000;
const BINS = Array.from({ length: 10 }, (_, bin) => bin);

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

/** The predictions of a version, and the labels from `truth` and `review` that exist. */
export interface QualityCoverage {
  /** The number of predictions since whole hours are counted; older versions of Waymark did not count them. */
  readonly predictions: number;
  readonly labelled: number;
  /** Null without predictions. */
  readonly ratio: number | null;
  /** The number of predictions that were picked for review, and of those with a label. */
  readonly asked: number;
  readonly reviewed: number;
  /** The test that the labelled predictions have the same confidences as the others. */
  readonly fairness: SampleFairness;
}

/** The predictions of one tenth of the confidence. */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly accuracy: number;
  readonly interval: Interval;
}

/** The quality of the predictions that have a label from `truth` or `review`. */
export interface QualityReport extends Omit<MatrixQuality, 'accuracy' | 'labels'> {
  /** The number of labels of each source. */
  readonly sources: Readonly<Record<LabelSource, number>>;
  readonly coverage: QualityCoverage;
  /** Null without labels. */
  readonly accuracy: number | null;
  /** The 95 % interval. */
  readonly accuracyInterval: Interval;
  readonly labels: Readonly<Record<string, LabelReport>>;
  /** The accuracy by confidence: equal to the confidence for a calibrated model. */
  readonly calibration: readonly CalibrationBin[];
  /** The accuracy with a minimum for the confidence: at shares of 100 %, 95 % and so on of the last 20,000 labels. */
  readonly accuracyByCoverage: readonly CoveragePoint[];
}

/**
 * Measures the quality of a model version from its labels. Reports do not count, because people mostly report errors.
 *
 * @param since the earliest time of the predictions in milliseconds since the epoch; without it, all count
 * @param until the latest time: predictions from after now exist if the clock was ahead once
 * @throws {FeedbackStoreError} if the store cannot be read
 */
export async function measureQuality(
  store: FeedbackStore,
  key: VersionKey,
  since?: number,
  until?: number,
): Promise<QualityReport> {
  const query = { ...key, since, until };
  const [counts, coverage, confidences] = await Promise.all([
    store.counts(query),
    measureCoverage(store, query),
    store.confidences(query),
  ]);
  const fair = counts.filter(({ source }) => source !== 'report');
  const raw = qualityFromCounts(fair);
  const weighted = weigh(fair);
  const quality = qualityFromCounts(weighted);
  const { labels: names, counts: matrix } = quality.confusionMatrix;
  const correct = (label: string) => matrix[names.indexOf(label)]?.[names.indexOf(label)] ?? 0;
  const labels = Object.entries(quality.labels).map(([label, figures]): [string, LabelReport] => [
    label,
    {
      ...figures,
      support: raw.labels[label]!.support,
      predicted: raw.labels[label]!.predicted,
      precisionInterval: wilsonInterval(correct(label), figures.predicted),
      recallInterval: wilsonInterval(correct(label), figures.support),
    },
  ]);
  const countOf = (source: LabelSource) => sum(counts.filter((one) => one.source === source).map(({ count }) => count));
  return {
    sources: Object.fromEntries(LABEL_SOURCES.map((source) => [source, countOf(source)])) as Record<
      LabelSource,
      number
    >,
    coverage,
    ...quality,
    count: raw.count,
    confusionMatrix: raw.confusionMatrix,
    accuracy: quality.count === 0 ? null : quality.accuracy,
    accuracyInterval: intervalOf(quality.accuracy, fair, weighted),
    labels: Object.fromEntries(labels),
    calibration: calibrationOf(weighted),
    accuracyByCoverage: coverageOf(confidences),
  };
}

/**
 * Weighs reviews by the inverse of the share with which they were picked (Horvitz and Thompson: A generalization of sampling
 * without replacement from a finite universe, 1952), so that a changed share favours no time. The weights add up to Kish's
 * effective sample size (Survey sampling, 1965), which the intervals need. With one share, each label has the weight 1.
 */
function weigh<T extends Pick<LabelCount, 'source' | 'reviewShare' | 'count'>>(counts: readonly T[]): T[] {
  const isWeighted = ({ source, reviewShare }: T) => source === 'review' && reviewShare > 0;
  const reviews = counts.filter(isWeighted);
  const total = sum(reviews.map(({ count, reviewShare }) => count / reviewShare));
  const squares = sum(reviews.map(({ count, reviewShare }) => count / reviewShare ** 2));
  const scale = squares === 0 ? 1 : total / squares;
  return counts.map((one) => (isWeighted(one) ? { ...one, count: (one.count / one.reviewShare) * scale } : one));
}

/**
 * Returns the interval of the accuracy. Labels that were picked with different shares are strata: the size of a simple sample
 * with the same variance stands for them in Wilson's interval.
 */
function intervalOf(accuracy: number, raw: readonly LabelCount[], weighted: readonly LabelCount[]): Interval {
  const total = sum(weighted.map(({ count }) => count));
  const strata = Map.groupBy(raw.keys(), (at) => (raw[at]!.source === 'review' ? raw[at]!.reviewShare : 'truth'));
  if (strata.size < 2) return wilsonInterval(accuracy * total, total);
  let variance = 0;
  let smoothed = 0;
  for (const rows of strata.values()) {
    const count = sum(rows.map((at) => raw[at]!.count));
    const right = rows.filter((at) => raw[at]!.actual === raw[at]!.predicted);
    const share = (sum(right.map((at) => raw[at]!.count)) + 1) / (count + 2);
    const weight = sum(rows.map((at) => weighted[at]!.count)) / total;
    variance += (weight ** 2 * share * (1 - share)) / count;
    smoothed += weight * share;
  }
  const size = (smoothed * (1 - smoothed)) / variance;
  return wilsonInterval(accuracy * size, size);
}

function calibrationOf(counts: readonly LabelCount[]): CalibrationBin[] {
  return BINS.flatMap((bin) => {
    const inBin = counts.filter((one) => one.bin === bin);
    const count = sum(inBin.map((one) => one.count));
    if (count === 0) return [];
    const correct = sum(inBin.filter(({ actual, predicted }) => actual === predicted).map((one) => one.count));
    const interval = wilsonInterval(correct, count);
    return [{ from: bin / 10, to: (bin + 1) / 10, count, accuracy: correct / count, interval }];
  });
}

function coverageOf(confidences: readonly ConfidenceCount[]): CoveragePoint[] {
  const judged = weigh(confidences).map(({ confidence, count, correct }) => ({
    confidence,
    count,
    correct: correct ? count : 0,
  }));
  return pointsAtShares(accuracyByCoverage(judged), ANSWERED_SHARES);
}

async function measureCoverage(store: FeedbackStore, query: LabelQuery): Promise<QualityCoverage> {
  const { since = 0, until = Number.POSITIVE_INFINITY, ...key } = query;
  const start = hourOf(since) * HOUR_MS;
  const roles = ['active', 'canary', 'named'] as const;
  const [hours, ...slots] = await Promise.all([
    store.hours({ ...query, since: start }),
    ...roles.map((role) => store.experiments.slots({ ...key, role, kind: 'confidence', since: start })),
  ]);
  const predictions = slots.flat().filter(({ slot }) => slot < until);
  const inBin = (bin: number) => sum(predictions.filter((slot) => slot.bin === bin).map(({ count }) => count));
  const labelledIn = (bin: number) => sum(hours.filter((hour) => hour.bin === bin).map(({ count }) => count));
  const [all, labelled] = [BINS.map(inBin), BINS.map(labelledIn)];
  const total = sum(all);
  return {
    predictions: total,
    labelled: sum(labelled),
    ratio: total === 0 ? null : Math.min(1, sum(labelled) / total),
    asked: sum(predictions.filter(({ asked }) => asked).map(({ count }) => count)),
    reviewed: sum(hours.filter(({ asked }) => asked).map(({ count }) => count)),
    fairness: checkFairness(labelled, all),
  };
}
