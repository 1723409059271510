/** The share that stands for an empty bin, where the logarithm would be infinite. Evidently uses the same value. */
export const EMPTY_BIN_SHARE = 1e-4;

/**
 * Returns the population stability index (PSI) of two distributions over the same bins: Σ (p - q) ln(p / q). It is the
 * symmetric form of the divergence of Kullback and Leibler (On information and sufficiency, 1951), in nats. As a rule
 * of thumb, a PSI below 0.1 means little change, and above 0.2 much change.
 *
 * @param shares the share of each bin, with a sum of 1
 * @param reference the share of each bin in the reference, with a sum of 1
 */
export function populationStabilityIndex(shares: readonly number[], reference: readonly number[]): number {
  return shares.reduce((total, share, at) => {
    const p = Math.max(share, EMPTY_BIN_SHARE);
    const q = Math.max(reference[at]!, EMPTY_BIN_SHARE);
    return total + (p - q) * Math.log(p / q);
  }, 0);
}

/**
 * Returns the Jensen-Shannon distance of two distributions over the same bins (Endres and Schindelin: A new metric for
 * probability distributions, 2003). It is the square root of the mean divergence, in bits, of both distributions from
 * their average: 0 for equal distributions, 1 for disjoint ones.
 *
 * @param shares the share of each bin, with a sum of 1
 * @param reference the share of each bin in the reference, with a sum of 1
 */
export function jensenShannonDistance(shares: readonly number[], reference: readonly number[]): number {
  const divergence = shares.reduce((total, p, at) => {
    const q = reference[at]!;
    const average = (p + q) / 2;
    return total + (divergenceTerm(p, average) + divergenceTerm(q, average)) / 2;
  }, 0);
  // Rounding can leave a tiny negative sum for equal distributions.
  return Math.sqrt(Math.max(0, divergence));
}

function divergenceTerm(share: number, average: number): number {
  return share === 0 ? 0 : share * Math.log2(share / average);
}
