/**
 * Tests of binomial counts. `mcnemar` is valid for one look at the counts. The other two functions return e-values,
 * which are valid for any number of looks, and at any time to stop: if the claim is false, an e-value reaches
 * 1/alpha with a probability of at most alpha (Ville: Étude critique de la notion de collectif, 1939; Ramdas et al.:
 * Game-theoretic statistics and safe anytime-valid inference, 2023).
 */

import { fairCoinCdf, logChoose } from './distributions.ts';

/** The two-sided p-values of McNemar's test, from 0 to 1. */
export interface McNemar {
  /** The exact p-value. It is never too small. */
  readonly exact: number;
  /** The mid-p-value: it counts half of the probability of the observed counts, and is closer to the nominal level. */
  readonly midP: number;
}

/**
 * Runs McNemar's test on two classifiers that labelled the same texts (McNemar: Note on the sampling error of the
 * difference between correlated proportions, 1947). The p-values are those of Fagerland, Lydersen and Laake: The
 * McNemar test for binary matched-pairs data: mid-p and asymptotic are better than exact conditional, 2013.
 *
 * The p-values are valid for one look at the counts. Use {@link evidenceOfBetter} for repeated looks.
 *
 * @param onlyFirst the number of texts that only the first classifier labelled correctly
 * @param onlySecond the number of texts that only the second classifier labelled correctly
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const n = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const exact = 2 * fairCoinCdf(fewer, n);
  const midP = exact - Math.exp(logChoose(n, fewer) - n * Math.LN2);
  return { exact: Math.min(1, exact), midP: Math.min(1, midP) };
}

/**
 * Returns the evidence that the second of two classifiers is better, as an e-value: the factor by which a bet against
 * "it is not better" has multiplied its stake.
 *
 * Let p be the second classifier's share of the texts that exactly one of them labels correctly. The bet is a mixture
 * of likelihood ratios against p = 1/2, uniform over all p above 1/2 (Robbins: Statistical methods related to the law
 * of the iterated logarithm, 1970). With w = `onlySecond` and l = `onlyFirst` it is
 * `2 ∫ (2p)^w (2(1-p))^l dp` from 1/2 to 1. For any true p up to 1/2, the expected value of each ratio does not grow. The integral is an incomplete beta
 * function, which is computed as a tail of the tosses of a fair coin.
 *
 * @param onlyFirst the number of texts that only the first classifier labelled correctly
 * @param onlySecond the number of texts that only the second classifier labelled correctly
 * @returns 1 without texts; at most `Number.MAX_VALUE`
 */
export function evidenceOfBetter(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  const log =
    (n + 1) * Math.LN2 - Math.log(n + 1) - logChoose(n, onlySecond) + Math.log(fairCoinCdf(onlySecond, n + 1));
  return Math.min(Number.MAX_VALUE, Math.exp(log));
}

/**
 * Returns the evidence that an event has a probability above `share`, as an e-value. It is the likelihood of the counts
 * in a uniform mixture of all probabilities, divided by their highest likelihood for a probability up to `share`. The
 * source is Wasserman, Ramdas and Balakrishnan: Universal inference, 2020.
 *
 * @param share the probability to compare with, above 0 and below 1
 * @param hits the number of trials with the event
 * @param count the number of trials
 * @returns 0 if `hits / count` is not above `share`, or without trials; at most `Number.MAX_VALUE`
 */
export function evidenceOfShareAbove(share: number, hits: number, count: number): number {
  if (count === 0 || hits / count <= share) return 0;
  const log =
    -Math.log(count + 1) - logChoose(count, hits) - hits * Math.log(share) - (count - hits) * Math.log1p(-share);
  return Math.min(Number.MAX_VALUE, Math.exp(log));
}
