import { NORMAL_QUANTILE_975 } from '../../../src/classifier/statistics/distributions.ts';

/** The slope of a straight line through noisy points, with its confidence interval. */
export interface Trend {
  /** The growth of `y` per unit of `x`. */
  readonly slope: number;
  /** The 95 % confidence interval of the slope. */
  readonly lower: number;
  readonly upper: number;
  readonly points: number;
}

export type Point = readonly [x: number, y: number];

/**
 * Returns the Theil–Sen slope: the median of the slopes between all pairs of points. Single outliers do not move it.
 *
 * Its interval is Sen's, based on the variance of Kendall's S (Sen 1968,
 * https://doi.org/10.1080/01621459.1968.10480934). Neighbouring samples of a running process resemble each other, which
 * makes that interval too narrow. The variance is therefore multiplied by the correction of Hamed and Rao (1998,
 * https://doi.org/10.1016/S0022-1694(97)00125-X). The correction uses the significant autocorrelations of the ranks of
 * the residuals. A correction below 1 is not applied, so that the interval is never narrower than Sen's.
 *
 * @returns `null` for fewer than four points, or if all points have the same `x`
 */
export function theilSen(points: readonly Point[]): Trend | null {
  const slopes: number[] = [];
  for (const [at, [x, y]] of points.entries()) {
    for (const [x2, y2] of points.slice(at + 1)) if (x2 !== x) slopes.push((y2 - y) / (x2 - x));
  }
  if (points.length < 4 || slopes.length === 0) return null;
  slopes.sort((a, b) => a - b);
  const slope = median(slopes);
  const residuals = points.map(([x, y]) => y - slope * x);
  const variance = kendallVariance(points.map(([, y]) => y)) * autocorrelationFactor(residuals);
  const half = NORMAL_QUANTILE_975 * Math.sqrt(variance);
  const last = slopes.length - 1;
  const upper = Math.min(last, Math.round((slopes.length + half) / 2));
  const lower = Math.max(0, Math.round((slopes.length - half) / 2) - 1);
  return { slope, lower: slopes[lower]!, upper: slopes[upper]!, points: points.length };
}

/** Returns the median of sorted numbers. */
function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Returns the variance of Kendall's S without a trend, with the correction for equal values. */
function kendallVariance(values: readonly number[]): number {
  const term = (count: number) => count * (count - 1) * (2 * count + 5);
  const ties = Map.groupBy(values, (value) => value);
  const tied = [...ties.values()].reduce((sum, group) => sum + term(group.length), 0);
  return (term(values.length) - tied) / 18;
}

/** Returns the factor by which autocorrelation widens the variance: n / n* of Hamed and Rao. */
function autocorrelationFactor(values: readonly number[]): number {
  const n = values.length;
  const ranks = rank(values);
  const mean = (n + 1) / 2;
  const variance = ranks.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  if (variance === 0) return 1;
  let sum = 0;
  for (let lag = 1; lag < n - 2; lag += 1) {
    let product = 0;
    for (let at = 0; at + lag < n; at += 1) product += (ranks[at]! - mean) * (ranks[at + lag]! - mean);
    const correlation = product / variance;
    if (Math.abs(correlation) > NORMAL_QUANTILE_975 / Math.sqrt(n))
      sum += (n - lag) * (n - lag - 1) * (n - lag - 2) * correlation;
  }
  return Math.max(1, 1 + (2 / (n * (n - 1) * (n - 2))) * sum);
}

/** Returns the rank of each value, from 1. Equal values share the mean of their ranks. */
function rank(values: readonly number[]): number[] {
  const order = values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to += 1;
    for (let at = from; at <= to; at += 1) ranks[order[at]!] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}
