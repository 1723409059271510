import { normalCdf } from './distributions.ts';
import type { Interval } from './wilson.ts';

/** The number of predictions with a known label, and of the correct ones among them. */
export interface Tally {
  readonly count: number;
  readonly correct: number;
}

/** The comparison of two groups of predictions by their shares of correct predictions. */
export interface ShareComparison {
  /** The second group's share minus the first group's, from -1 to 1; null if a group is empty. */
  readonly difference: number | null;
  /** The 95 % interval of the difference, valid for all looks together; null below {@link MIN_TO_COMPARE}. */
  readonly interval: Interval | null;
  /** The evidence that the second share is greater, as an e-value: see {@link evidenceOfGreater}. */
  readonly greater: number;
  /** The evidence that the second share is smaller, as an e-value. */
  readonly smaller: number;
}

/** The minimum number of predictions in each group: the normal approximation is not valid for fewer. */
export const MIN_TO_COMPARE = 20;

/**
 * The variance of the mixture, tau² of the paper: a standard deviation of 5 percentage points. Differences of about
 * this size are found fastest, and other differences a little later.
 */
const MIXTURE_VARIANCE = 0.05 ** 2;

/** Compares the shares of correct predictions of two groups with different texts. */
export function compareShares(first: Tally, second: Tally): ShareComparison {
  const isEmpty = first.count === 0 || second.count === 0;
  const difference = isEmpty ? null : second.correct / second.count - first.correct / first.count;
  return {
    difference,
    interval: isTooSmall(first, second) ? null : confidenceSequence(first, second, 0.05),
    greater: evidenceOfGreater(first, second),
    smaller: evidenceOfGreater(second, first),
  };
}

/**
 * Returns the evidence that the second group's share of correct predictions is greater than the first group's, as an
 * e-value. If it is not greater, the evidence reaches 1/alpha with a probability of at most alpha, for any number of
 * looks.
 *
 * It is the mixture sequential probability ratio test of two proportions (Robbins: Statistical methods related to the
 * law of the iterated logarithm, 1970; Johari, Koomen, Pekelis and Walsh: Always valid inference, 2022), one-sided by a
 * half-normal mixture. With the difference d, its variance V and the mixture's variance t it is
 * `2 sqrt(V / (V + t)) exp(t d² / (2 V (V + t))) Phi(d sqrt(t / (V (V + t))))`.
 *
 * It uses the normal approximation, as asymptotic confidence sequences do (Waudby-Smith, Arbour, Sinha, Kennedy and
 * Ramdas: Time-uniform central limit theory and asymptotic confidence sequences, 2024). So small groups give no
 * evidence, and the variance counts one more correct and one more wrong prediction in each group.
 * `two-proportions.test.ts` checks its level with a look after every prediction.
 *
 * @returns 1 if a group has fewer than {@link MIN_TO_COMPARE} predictions; at most `Number.MAX_VALUE`
 */
export function evidenceOfGreater(first: Tally, second: Tally): number {
  if (isTooSmall(first, second)) return 1;
  const difference = second.correct / second.count - first.correct / first.count;
  const variance = differenceVariance(first, second);
  const total = variance + MIXTURE_VARIANCE;
  const z = (difference * Math.sqrt(MIXTURE_VARIANCE)) / Math.sqrt(variance * total);
  const scale = 2 * Math.sqrt(variance / total);
  // Far below 0 the exponential overflows and the distribution function is 0. Their product is Mills' ratio.
  if (z < -8) return (scale * (1 - 1 / z ** 2)) / (-z * Math.sqrt(2 * Math.PI));
  return Math.min(Number.MAX_VALUE, scale * Math.exp(z ** 2 / 2) * normalCdf(z));
}

/**
 * Returns the confidence sequence of the two-sided mixture: all differences whose evidence is below 1/alpha. Its half
 * width is sqrt(V (V + t) / t · ln((V + t) / (V alpha²))), with the names of {@link evidenceOfGreater}.
 */
function confidenceSequence(first: Tally, second: Tally, alpha: number): Interval {
  const difference = second.correct / second.count - first.correct / first.count;
  const variance = differenceVariance(first, second);
  const total = variance + MIXTURE_VARIANCE;
  const halfWidth = Math.sqrt(((variance * total) / MIXTURE_VARIANCE) * Math.log(total / (variance * alpha ** 2)));
  return { low: Math.max(-1, difference - halfWidth), high: Math.min(1, difference + halfWidth) };
}

/** Returns the variance of the difference: the larger one of the separate and the pooled estimate. */
function differenceVariance(first: Tally, second: Tally): number {
  const pooled = { count: first.count + second.count, correct: first.correct + second.correct };
  const separate = bernoulliVariance(first) / first.count + bernoulliVariance(second) / second.count;
  return Math.max(separate, bernoulliVariance(pooled) * (1 / first.count + 1 / second.count));
}

function bernoulliVariance({ count, correct }: Tally): number {
  const share = (correct + 1) / (count + 2);
  return share * (1 - share);
}

function isTooSmall(first: Tally, second: Tally): boolean {
  return first.count < MIN_TO_COMPARE || second.count < MIN_TO_COMPARE;
}
