import { fairCoinCdf, logChoose } from './distributions.ts';

/** How probable a split at least as uneven is if neither classifier is better, for counts that are looked at once. */
export interface McNemar {
  /** Two-sided, exact: never too small. */
  readonly exact: number;
  /** The same with half of the observed split's own probability: closer to its nominal level. */
  readonly midP: number;
}

/**
 * McNemar's test of two classifiers by the texts that one of them alone labelled rightly (McNemar: Note on the sampling
 * error of the difference between correlated proportions, 1947; Fagerland, Lydersen and Laake: The McNemar test for
 * binary matched-pairs data: mid-p and asymptotic are better than exact conditional, 2013).
 *
 * Its figures hold for one look. Who looks again and again takes {@link evidenceOfBetter}.
 */
export function mcnemar(onlyFirst: number, onlySecond: number): McNemar {
  const n = onlyFirst + onlySecond;
  const fewer = Math.min(onlyFirst, onlySecond);
  const exact = 2 * fairCoinCdf(fewer, n);
  const midP = exact - Math.exp(logChoose(n, fewer) - n * Math.LN2);
  return { exact: Math.min(1, exact), midP: Math.min(1, midP) };
}

/**
 * The evidence that the second of two classifiers is better: the factor by which a bet against "it is no better" has
 * multiplied its stake, an e-value. However often one looks, and whenever one stops, it reaches 1/alpha with a probability of
 * at most alpha where the second is no better (Ville: Étude critique de la notion de collectif, 1939; Ramdas et al.:
 * Game-theoretic statistics and safe anytime-valid inference, 2023).
 *
 * Of the texts that one alone labelled rightly, let p be the share of the second's. The bet mixes the likelihood ratios of
 * all p above 1/2, each of them alike, against 1/2 (Robbins: Statistical methods related to the law of the iterated
 * logarithm, 1970): twice the integral of (2p)^w (2(1-p))^l over p from 1/2 to 1. Each ratio shrinks on average, or stays, for any true p
 * up to 1/2. The integral is an incomplete beta function, and that a tail of a fair coin's tosses.
 */
export function evidenceOfBetter(onlyFirst: number, onlySecond: number): number {
  const n = onlyFirst + onlySecond;
  const log =
    (n + 1) * Math.LN2 - Math.log(n + 1) - logChoose(n, onlySecond) + Math.log(fairCoinCdf(onlySecond, n + 1));
  return Math.min(Number.MAX_VALUE, Math.exp(log));
}

/**
 * The evidence that something happens more often than a given share, an e-value: however often one looks, it reaches
 * 1/alpha with a probability of at most alpha where it does not. The likelihood of what happened, under every share alike, over the highest that
 * it can have up to the given share (Wasserman, Ramdas and Balakrishnan: Universal inference, 2020).
 */
export function evidenceOfShareAbove(share: number, hits: number, count: number): number {
  if (count === 0 || hits / count <= share) return 0;
  const log =
    -Math.log(count + 1) - logChoose(count, hits) - hits * Math.log(share) - (count - hits) * Math.log1p(-share);
  return Math.min(Number.MAX_VALUE, Math.exp(log));
}
