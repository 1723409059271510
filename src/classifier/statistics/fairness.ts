import { sum } from './confusion-matrix.ts';
import { chiSquaredTail } from './distributions.ts';

/** The comparison of the predictions that have a label with those that have none, by their confidence. */
export interface SampleFairness {
  /** `different` if the labelled predictions cannot be a random sample; `unsure` with too few of either. */
  readonly verdict: 'alike' | 'different' | 'unsure';
  /** The p-value of the chi-squared test of homogeneity; null with too few predictions. */
  readonly pValue: number | null;
  /** The total variation distance of the two distributions, from 0 to 1; null with too few predictions. */
  readonly distance: number | null;
}

const MIN_IN_EACH = 30;
/** A smaller p-value is called different, if the distance is also large enough to matter. */
const MAX_P_VALUE = 0.01;
const MIN_DISTANCE = 0.02;

/**
 * Checks whether labelled predictions look like a random sample (Pearson: On the criterion that a given system of deviations
 * …, 1900). A random sample has the same distribution of confidences. A sample that has it may still be unfair.
 *
 * @param labelled the number of labelled predictions in each bin
 * @param all the number of all predictions in each bin
 */
export function checkFairness(labelled: readonly number[], all: readonly number[]): SampleFairness {
  const others = all.map((count, bin) => Math.max(0, count - labelled[bin]!));
  const [n, m] = [sum(labelled), sum(others)];
  if (n < MIN_IN_EACH || m < MIN_IN_EACH) return { verdict: 'unsure', pValue: null, distance: null };
  let statistic = 0;
  let bins = 0;
  let distance = 0;
  for (const [bin, count] of labelled.entries()) {
    const both = count + others[bin]!;
    if (both === 0) continue;
    bins += 1;
    distance += Math.abs(count / n - others[bin]! / m) / 2;
    statistic += (count - (both * n) / (n + m)) ** 2 / ((both * n) / (n + m));
    statistic += (others[bin]! - (both * m) / (n + m)) ** 2 / ((both * m) / (n + m));
  }
  const pValue = bins < 2 ? 1 : chiSquaredTail(statistic, bins - 1);
  const isDifferent = pValue < MAX_P_VALUE && distance >= MIN_DISTANCE;
  return { verdict: isDifferent ? 'different' : 'alike', pValue, distance };
}
