import { type ConfusionCount, sum } from '../../classifier/statistics/confusion-matrix.ts';
import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { EvaluatedPair, LabelPair } from '../../feedback/experiment.ts';
import type { PairedCounts } from './measurement-types.ts';

/** Texts by which of the two versions labelled them rightly. */
export function pairedCounts(judged: readonly EvaluatedPair[]): PairedCounts {
  const counts = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
  for (const { actual, activeLabel, shadowLabel, count } of judged) {
    const [isActiveRight, isShadowRight] = [activeLabel === actual, shadowLabel === actual];
    if (isActiveRight) counts[isShadowRight ? 'bothRight' : 'onlyActive'] += count;
    else counts[isShadowRight ? 'onlyShadow' : 'neither'] += count;
  }
  return counts;
}

/** The confusion matrix of the shadow, or of the active version on the same texts. */
export function confusionOf(judged: readonly EvaluatedPair[], which: 'activeLabel' | 'shadowLabel'): ConfusionCount[] {
  return judged.map(({ actual, count, [which]: predicted }) => ({ actual, predicted, count }));
}

/** How many pairs there are, and in how many both labels are the same. */
export function agreementOf(pairs: readonly LabelPair[]): { readonly count: number; readonly agreed: number } {
  const agreed = pairs.filter(({ activeLabel, shadowLabel }) => activeLabel === shadowLabel);
  return { count: sum(pairs.map(({ count }) => count)), agreed: sum(agreed.map(({ count }) => count)) };
}

/** How much feedback there is, and in how much of it the label was right. */
export function tallyOf(counts: readonly ConfusionCount[]): Tally {
  const right = counts.filter(({ actual, predicted }) => actual === predicted);
  return { count: sum(counts.map(({ count }) => count)), correct: sum(right.map(({ count }) => count)) };
}
