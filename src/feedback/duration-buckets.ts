/** Durations in buckets of one size on a logarithmic scale, as an HDR histogram has them: from 1 µs on, eight in each doubling. */
const SMALLEST_SECONDS = 1e-6;
const PER_DOUBLING = 8;

/** How many buckets there are: the last one begins at about an hour. */
export const durationBuckets = 256;

/** The bucket that a duration falls into. */
export function durationBucket(seconds: number): number {
  const at = Math.floor(Math.log2(seconds / SMALLEST_SECONDS) * PER_DOUBLING);
  return at > 0 ? Math.min(at, durationBuckets - 1) : 0;
}

/**
 * The duration that a share of all is at or below, within 5 %; null where there is none.
 *
 * @param counts by bucket, in any order
 */
export function durationQuantile(
  counts: readonly { readonly bucket: number; readonly count: number }[],
  share: number,
): number | null {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  let left = Math.ceil(share * total);
  for (const { bucket, count } of counts.toSorted((a, b) => a.bucket - b.bucket)) {
    left -= count;
    if (left <= 0) return SMALLEST_SECONDS * 2 ** ((bucket + 0.5) / PER_DOUBLING);
  }
  return null;
}
