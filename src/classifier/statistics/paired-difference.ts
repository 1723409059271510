import { type McNemar, mcnemar } from './binomial-tests.ts';
import { NORMAL_QUANTILE_975 } from './distributions.ts';
import type { Interval } from './wilson.ts';

/** Two classifiers that labelled the same texts. */
export interface PairedComparison {
  /** The number of texts. */
  readonly count: number;
  readonly bothCorrect: number;
  /** The number of texts that only the first classifier labelled correctly. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
  /** The accuracy of the second classifier minus that of the first. */
  readonly difference: number;
  /** The 95 % interval of the difference. */
  readonly interval: Interval;
  readonly test: McNemar;
}

/** Compares two classifiers by the texts that each of them labelled correctly, in the same order. */
export function comparePairs(first: readonly boolean[], second: readonly boolean[]): PairedComparison {
  let bothCorrect = 0;
  let onlyFirst = 0;
  let onlySecond = 0;
  first.forEach((isCorrect, at) => {
    if (isCorrect && second[at]) bothCorrect += 1;
    else if (isCorrect) onlyFirst += 1;
    else if (second[at]) onlySecond += 1;
  });
  const count = first.length;
  return {
    count,
    bothCorrect,
    onlyFirst,
    onlySecond,
    neither: count - bothCorrect - onlyFirst - onlySecond,
    difference: count === 0 ? 0 : (onlySecond - onlyFirst) / count,
    interval: pairedDifferenceInterval(onlyFirst, onlySecond, count),
    test: mcnemar(onlyFirst, onlySecond),
  };
}

/**
 * Returns the 95 % interval of the difference between two shares of the same items, second minus first (Agresti and Min:
 * Simple improved confidence intervals for comparing matched proportions, 2005).
 *
 * @returns within -1 and 1; -1 to 1 without items
 */
export function pairedDifferenceInterval(onlyFirst: number, onlySecond: number, count: number): Interval {
  if (count === 0) return { low: -1, high: 1 };
  const adjusted = count + 2;
  const difference = (onlySecond - onlyFirst) / adjusted;
  const variance = ((onlyFirst + onlySecond + 1) / adjusted - difference * difference) / adjusted;
  const halfWidth = NORMAL_QUANTILE_975 * Math.sqrt(variance);
  return { low: Math.max(-1, difference - halfWidth), high: Math.min(1, difference + halfWidth) };
}
