import { type ConfusionCount, ratio, sum } from '../../classifier/statistics/confusion-matrix.ts';
import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import {
  type EvaluatedPair,
  FAILED_BUCKET,
  type LabelPair,
  type MinuteCount,
} from '../../feedback/database/experiment.ts';
import { durationQuantile } from '../../feedback/duration-buckets.ts';
import type { PairedCounts } from './measurement-types.ts';

/** The predictions of one version in a period of time. */
export interface Usage {
  readonly predictions: number;
  readonly errors: number;
  /** The median time to tokenise and score one text, in seconds; null where no text was scored. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** Null where no text was scored. */
  readonly meanConfidence: number | null;
}

/** Sums up the counts of one version over all minutes. */
export function summariseUsage(minutes: readonly MinuteCount[]): Usage {
  const scored = minutes.filter(({ bucket }) => bucket !== FAILED_BUCKET);
  const predictions = sum(scored.map(({ count }) => count));
  return {
    predictions,
    errors: sum(minutes.map(({ count }) => count)) - predictions,
    p50: durationQuantile(scored, 0.5),
    p99: durationQuantile(scored, 0.99),
    meanConfidence: predictions === 0 ? null : ratio(sum(scored.map(({ confidence }) => confidence)), predictions),
  };
}

/** Counts texts by which of the two versions labelled them correctly. */
export function pairedCounts(pairs: readonly EvaluatedPair[]): PairedCounts {
  const counts = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
  for (const { actual, activeLabel, shadowLabel, count } of pairs) {
    const [isActiveRight, isShadowRight] = [activeLabel === actual, shadowLabel === actual];
    if (isActiveRight) counts[isShadowRight ? 'bothRight' : 'onlyActive'] += count;
    else counts[isShadowRight ? 'onlyShadow' : 'neither'] += count;
  }
  return counts;
}

/** Returns the confusion matrix of the shadow, or of the active version on the same texts. */
export function confusionOf(pairs: readonly EvaluatedPair[], which: 'activeLabel' | 'shadowLabel'): ConfusionCount[] {
  return pairs.map(({ actual, count, [which]: predicted }) => ({ actual, predicted, count }));
}

/** Counts all pairs, and the pairs with two equal labels. */
export function agreementOf(pairs: readonly LabelPair[]): { readonly count: number; readonly agreed: number } {
  const agreed = pairs.filter(({ activeLabel, shadowLabel }) => activeLabel === shadowLabel);
  return { count: sum(pairs.map(({ count }) => count)), agreed: sum(agreed.map(({ count }) => count)) };
}

/** Counts all feedback, and the feedback that confirms the prediction. */
export function tallyOf(counts: readonly ConfusionCount[]): Tally {
  const correct = counts.filter(({ actual, predicted }) => actual === predicted);
  return { count: sum(counts.map(({ count }) => count)), correct: sum(correct.map(({ count }) => count)) };
}
