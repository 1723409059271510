/**
 * Durations are counted in buckets that begin with the first bits of a floating-point number: its exponent, and three bits of
 * its fraction. Each doubling has eight buckets of the same width, so a quantile is at most 13 % from the true one.
 */
const FRACTION_BITS = 3;
const PER_DOUBLING = 2 ** FRACTION_BITS;
const SHIFT = 20 - FRACTION_BITS;
const BIAS = 1_023;

/** The exponent of the first bucket: 7.6 µs. */
const FIRST_EXPONENT = -17;
const FIRST = (BIAS + FIRST_EXPONENT) * PER_DOUBLING;

/** The number of buckets, for durations up to 128 s. */
export const LATENCY_BUCKETS = 24 * PER_DOUBLING;

const float = new Float64Array(1);
const bits = new Uint32Array(float.buffer);
/** The place of the half with sign and exponent. */
float[0] = 1;
const HIGH = bits[1] === 0 ? 0 : 1;

/** Returns the bucket of a duration in seconds. */
export function latencyBucketOf(seconds: number): number {
  if (!(seconds > 0)) return 0;
  float[0] = seconds;
  return Math.min(LATENCY_BUCKETS - 1, Math.max(0, (bits[HIGH]! >>> SHIFT) - FIRST));
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
  const base = 2 ** (FIRST_EXPONENT + Math.floor(bucket / PER_DOUBLING));
  return base * (1 + ((bucket % PER_DOUBLING) + left / counts[bucket]!) / PER_DOUBLING);
}
