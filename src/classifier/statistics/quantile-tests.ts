import { evidenceOfShareAbove } from './binomial-tests.ts';
import { sum } from './confusion-matrix.ts';

/** The number of measurements in one bucket of a histogram. */
interface BucketCount {
  readonly bucket: number;
  readonly count: number;
}

/**
 * Returns the evidence that a quantile of one sample is larger than that of another sample, by more than some buckets, as an
 * e-value: if it is not, the evidence reaches 1/alpha with a probability of at most alpha, for any number of looks.
 *
 * It compares two confidence sequences, each with half of the error (Howard and Ramdas: Sequential estimation of quantiles with
 * applications to A/B testing and best-arm identification, 2022). A quantile is above a threshold if more than 1 - share of
 * the measurements are above it; this share has an e-value of its own, which is valid for any number of looks. The
 * threshold that separates the samples best may be searched for: if the quantile of a sample lies outside of its
 * sequence, the e-value at the quantile itself has failed too, and that is one fixed threshold.
 *
 * @param first the counts of the sample that should have the smaller quantile
 * @param second the counts of the other sample
 * @param shift the number of buckets that the second quantile must be larger
 * @param share the share of measurements below the quantile
 * @param lowest the lowest bucket that the second quantile may lie in; by default any
 */
export function evidenceOfGreaterQuantile(
  first: readonly BucketCount[],
  second: readonly BucketCount[],
  shift: number,
  share: number,
  lowest = Number.NEGATIVE_INFINITY,
): number {
  const [n, m] = [first, second].map((counts) => sum(counts.map(({ count }) => count))) as [number, number];
  let evidence = 0;
  for (const { bucket: threshold } of first) {
    if (threshold + shift + 1 < lowest) continue;
    const below = sum(first.filter(({ bucket }) => bucket <= threshold).map(({ count }) => count));
    const above = sum(second.filter(({ bucket }) => bucket > threshold + shift).map(({ count }) => count));
    const both = Math.min(evidenceOfShareAbove(share, below, n), evidenceOfShareAbove(1 - share, above, m));
    evidence = Math.max(evidence, both / 2);
  }
  return evidence;
}
