/** Stands for the share of an empty bin, whose logarithm would be infinite. As Evidently fills them. */
export const EMPTY_BIN_SHARE = 1e-4;

/**
 * Population stability index of two distributions over the same bins: sum of (p - q) ln(p / q), the symmetric form of
 * Kullback and Leibler's divergence (On information and sufficiency, 1951). Below 0.1 little has changed, above 0.2 much.
 */
export function populationStabilityIndex(shares: readonly number[], reference: readonly number[]): number {
  return shares.reduce((total, share, at) => {
    const p = Math.max(share, EMPTY_BIN_SHARE);
    const q = Math.max(reference[at]!, EMPTY_BIN_SHARE);
    return total + (p - q) * Math.log(p / q);
  }, 0);
}

/**
 * Jensen-Shannon distance: the square root of the mean divergence, in bits, of two distributions from their middle
 * (Endres and Schindelin: A new metric for probability distributions, 2003). 0 for equal ones, 1 for disjoint ones.
 */
export function jensenShannonDistance(shares: readonly number[], reference: readonly number[]): number {
  const divergence = shares.reduce((total, p, at) => {
    const q = reference[at]!;
    const middle = (p + q) / 2;
    return total + (information(p, middle) + information(q, middle)) / 2;
  }, 0);
  // Rounding can leave a tiny negative sum where both are equal.
  return Math.sqrt(Math.max(0, divergence));
}

function information(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log2(share / middle);
}
