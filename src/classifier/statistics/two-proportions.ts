import { normalCdf } from './distributions.ts';
import type { Interval } from './wilson.ts';

/** How often something was right. */
export interface Tally {
  readonly count: number;
  readonly correct: number;
}

/** What two independent groups of answers say of the difference between their shares of right ones. */
export interface ShareComparison {
  /** The second's share less the first's; null where either has none. */
  readonly difference: number | null;
  /** 95 % for all looks together; null below {@link MIN_TO_COMPARE}. */
  readonly interval: Interval | null;
  /** The evidence that the second's share is greater: see {@link evidenceOfGreater}. */
  readonly greater: number;
  /** The evidence that it is smaller. */
  readonly smaller: number;
}

/** With fewer answers than these in either group nothing is said: the normal approximation needs some. */
export const MIN_TO_COMPARE = 20;

/** The differences that the bet expects: some points. Others are found too, a little later. */
const expected = 0.05 ** 2;

/** Compares the shares of right answers of two groups that different texts went to. */
export function compareShares(first: Tally, second: Tally): ShareComparison {
  const none = first.count === 0 || second.count === 0;
  const difference = none ? null : second.correct / second.count - first.correct / first.count;
  return {
    difference,
    interval: tooFew(first, second) ? null : intervalOf(first, second, 0.05),
    greater: evidenceOfGreater(first, second),
    smaller: evidenceOfGreater(second, first),
  };
}

/**
 * The evidence that the second group's share of right answers is greater than the first's, an e-value: however often one
 * looks, it reaches 1/alpha with a probability of at most alpha where it is not.
 *
 * The mixture sequential probability ratio test of two proportions (Robbins, 1970; Johari, Koomen, Pekelis and Walsh: Always
 * valid inference, 2022) with a half-normal mixture, for one side. It rests on the normal approximation, as asymptotic confidence sequences do (Waudby-Smith, Arbour, Sinha,
 * Kennedy and Ramdas: Time-uniform central limit theory and asymptotic confidence sequences, 2024): so nothing is said of few answers, and the variance
 * counts one right and one wrong answer more than came in. `two-proportions.test.ts` holds it to its level where it is
 * looked at after every answer.
 */
export function evidenceOfGreater(first: Tally, second: Tally): number {
  if (tooFew(first, second)) return 1;
  const difference = second.correct / second.count - first.correct / first.count;
  const variance = varianceOf(first, second);
  const spread = variance + expected;
  const log = Math.log(2) + 0.5 * Math.log(variance / spread) + (expected * difference ** 2) / (2 * variance * spread);
  const side = normalCdf((difference * Math.sqrt(expected)) / Math.sqrt(variance * spread));
  return Math.min(Number.MAX_VALUE, Math.exp(log) * side);
}

/** The differences against which there is no evidence of 1/alpha: a confidence sequence of the two-sided mixture. */
function intervalOf(first: Tally, second: Tally, alpha: number): Interval {
  const difference = second.correct / second.count - first.correct / first.count;
  const variance = varianceOf(first, second);
  const spread = variance + expected;
  const half = Math.sqrt(((variance * spread) / expected) * Math.log(spread / (variance * alpha ** 2)));
  return { low: Math.max(-1, difference - half), high: Math.min(1, difference + half) };
}

/** The difference's variance: with the groups' own shares, or with one share for both if that is more. */
function varianceOf(first: Tally, second: Tally): number {
  const both = { count: first.count + second.count, correct: first.correct + second.correct };
  const own = spreadOf(first) / first.count + spreadOf(second) / second.count;
  return Math.max(own, spreadOf(both) * (1 / first.count + 1 / second.count));
}

function spreadOf({ count, correct }: Tally): number {
  const share = (correct + 1) / (count + 2);
  return share * (1 - share);
}

function tooFew(first: Tally, second: Tally): boolean {
  return first.count < MIN_TO_COMPARE || second.count < MIN_TO_COMPARE;
}
