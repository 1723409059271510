import { NORMAL_QUANTILE_975 } from './distributions.ts';

/** The bounds of an interval. Its level, such as 95 %, is documented where it is computed. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the 95 % score interval of a share (Wilson: Probable inference, the law of succession, and statistical
 * inference, 1927). Unlike the usual normal interval it stays within 0 and 1, and it is useful for few trials and for
 * successes only.
 *
 * @returns 0 to 1 without trials
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const z = NORMAL_QUANTILE_975;
  const share = successes / trials;
  const scale = 1 / (1 + (z * z) / trials);
  const centre = scale * (share + (z * z) / (2 * trials));
  const halfWidth = scale * z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return {
    low: successes === 0 ? 0 : centre - halfWidth,
    high: successes === trials ? 1 : centre + halfWidth,
  };
}
