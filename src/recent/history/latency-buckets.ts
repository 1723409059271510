/** The buckets grow by an eighth of a doubling: a quantile is at most 5 % from the true one. */
const PER_DOUBLING = 8;
const FIRST_SECONDS = 1e-5;

/** The number of buckets, for durations up to 167 s. */
export const LATENCY_BUCKETS = 192;

/** Returns the bucket of a duration in seconds. */
export function latencyBucketOf(seconds: number): number {
  if (!(seconds > FIRST_SECONDS)) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.floor(Math.log2(seconds / FIRST_SECONDS) * PER_DOUBLING));
}

/** Returns a quantile of counted durations in seconds, or null if there are none. @param share from 0 to 1 */
export function latencyQuantile(counts: Uint32Array, share: number): number | null {
  let total = 0;
  for (const count of counts) total += count;
  if (total === 0) return null;
  let left = Math.max(1, Math.ceil(share * total));
  let bucket = 0;
  while (left > counts[bucket]!) {
    left -= counts[bucket]!;
    bucket += 1;
  }
  return FIRST_SECONDS * 2 ** ((bucket + left / counts[bucket]!) / PER_DOUBLING);
}
