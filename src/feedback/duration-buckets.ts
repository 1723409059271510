/** The lower end of the logarithmic buckets. As in an HDR histogram, each doubling has the same number of buckets. */
const MIN_SECONDS = 1e-6;
const BUCKETS_PER_DOUBLING = 8;

/** The number of buckets. The last one begins at about an hour. */
export const DURATION_BUCKETS = 256;

/** The number of durations in one bucket. */
export interface BucketCount {
  readonly bucket: number;
  readonly count: number;
}

/** Returns the number of buckets by which a ratio of durations shifts them, rounded up. */
export function bucketsInRatio(ratio: number): number {
  return Math.ceil(Math.log2(ratio) * BUCKETS_PER_DOUBLING - 1e-9);
}

/** Returns the index of the bucket that contains a duration. */
export function durationBucket(seconds: number): number {
  const bucket = Math.floor(Math.log2(seconds / MIN_SECONDS) * BUCKETS_PER_DOUBLING);
  return bucket > 0 ? Math.min(bucket, DURATION_BUCKETS - 1) : 0;
}

/**
 * Returns a quantile of durations in seconds, within 5 %, or null if there are no counts.
 *
 * @param counts the number of durations by bucket, in any order
 * @param share the share of all durations that is at or below the quantile, from 0 to 1
 */
export function durationQuantile(counts: readonly BucketCount[], share: number): number | null {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  let remaining = Math.ceil(share * total);
  for (const { bucket, count } of counts.toSorted((a, b) => a.bucket - b.bucket)) {
    remaining -= count;
    if (remaining <= 0) return MIN_SECONDS * 2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING);
  }
  return null;
}
