/** Bounds between which a share lies, with a stated probability. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 97.5th percentile of the standard normal distribution: two-sided 95 %. */
const z = 1.959963984540054;

/**
 * 95 % score interval of a share (Wilson: Probable inference, the law of succession, and statistical inference, 1927).
 * Unlike the textbook's it stays within 0 and 1, and says something where there are few or only successes.
 *
 * @returns 0 to 1, that is nothing, for no trials
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = successes / trials;
  const scale = 1 / (1 + (z * z) / trials);
  const centre = scale * (share + (z * z) / (2 * trials));
  const half = scale * z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return { low: successes === 0 ? 0 : centre - half, high: successes === trials ? 1 : centre + half };
}
