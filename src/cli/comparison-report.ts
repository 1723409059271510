import type { PairedComparison } from '../classifier/statistics/paired-difference.ts';
import { columns, count } from './terminal.ts';

/** The p-value below which a difference counts as shown. */
const SIGNIFICANCE = 0.05;

/** The result of a comparison: whether the second version is better, worse, or neither can be shown. */
export type Verdict = 'better' | 'worse' | 'not shown';

/** Returns whether a comparison shows a difference, by McNemar's test with the mid-p-value. */
export function verdictOf({ difference, test }: PairedComparison): Verdict {
  if (test.midP >= SIGNIFICANCE) return 'not shown';
  return difference > 0 ? 'better' : 'worse';
}

/** Describes a comparison of two versions on the same texts. */
export function describeComparison(comparison: PairedComparison, first: string, second: string): string[] {
  const { bothCorrect, onlyFirst, onlySecond, neither, difference, interval, test } = comparison;
  const points = (share: number) => `${share >= 0 ? '+' : '−'}${Math.abs(share * 100).toFixed(1)}`;
  return [
    ...columns([
      ['both right', count(bothCorrect)],
      [`only ${first} right`, count(onlyFirst)],
      [`only ${second} right`, count(onlySecond)],
      ['neither', count(neither)],
    ]),
    `  Accuracy: ${points(difference)} points (95 % interval: ${points(interval.low)} to ${points(interval.high)})`,
    `  McNemar's test: mid-p ${probability(test.midP)}, exact p ${probability(test.exact)}`,
  ];
}

/** Returns the verdict as a sentence. */
export function sentenceOf(comparison: PairedComparison, first: string, second: string): string {
  const verdict = verdictOf(comparison);
  if (verdict === 'not shown') return `A difference between ${first} and ${second} cannot be shown.`;
  return `${second} is ${verdict} than ${first} on texts like these.`;
}

function probability(value: number): string {
  return value < 0.0001 ? '< 0.0001' : value.toFixed(4);
}
