import { NORMAL_QUANTILE_975 } from '../../../src/classifier/statistics/distributions.ts';

/** The factor between two samples, with its confidence interval. */
export interface Ratio {
  readonly ratio: number;
  /** The 95 % confidence interval; `null` if a sample is too small for one. */
  readonly interval: readonly [lower: number, upper: number] | null;
}

/** Below this size of a sample the normal approximation is too coarse. */
const MIN_SIZE = 5;

/**
 * Returns the factor by which the values of `after` are larger than those of `before`: the Hodges–Lehmann estimate of the shift
 * of their logarithms. Single outliers do not move it. Its interval is that of the test of Mann and Whitney
 * (Hollander and Wolfe, Nonparametric Statistical Methods, section 4.3).
 *
 * @returns `null` if a sample is empty, or has a value that is not above 0
 */
export function estimateRatio(before: readonly number[], after: readonly number[]): Ratio | null {
  if (before.length === 0 || after.length === 0 || [...before, ...after].some((value) => !(value > 0))) return null;
  const shifts = after.flatMap((value) => before.map((former) => Math.log(value / former))).toSorted((a, b) => a - b);
  const pairs = shifts.length;
  const ratio = Math.exp((shifts[(pairs - 1) >> 1]! + shifts[pairs >> 1]!) / 2);
  if (Math.min(before.length, after.length) < MIN_SIZE) return { ratio, interval: null };
  const half = NORMAL_QUANTILE_975 * Math.sqrt((pairs * (before.length + after.length + 1)) / 12);
  const rank = Math.max(1, Math.round(pairs / 2 - half));
  return { ratio, interval: [Math.exp(shifts[rank - 1]!), Math.exp(shifts[pairs - rank]!)] };
}
