import { ratio, sum } from './confusion-matrix.ts';
import { type Interval, wilsonInterval } from './wilson.ts';

/** Labelled predictions with one confidence. */
export interface JudgedPredictions {
  /** From 0 to 1. */
  readonly confidence: number;
  /** The number of predictions, and of those that are correct. Weights may make them fractions. */
  readonly count: number;
  readonly correct: number;
}

/** The answers that remain if predictions below a confidence are left to a person. */
export interface CoveragePoint {
  /** The lowest confidence of an answer, as `minConfidence` of a request or a policy. */
  readonly minConfidence: number;
  /** The share of the predictions that are answers, from 0 to 1. */
  readonly coverage: number;
  /** The number of answers. */
  readonly count: number;
  /** The share of correct answers, from 0 to 1. */
  readonly accuracy: number;
  /** The 95 % interval of the accuracy. */
  readonly interval: Interval;
}

/** The shares of answered predictions that reports have: 1, 0.95 and so on. */
export const ANSWERED_SHARES: readonly number[] = Array.from({ length: 20 }, (_, at) => (20 - at) / 20);

/**
 * Returns the accuracy against the coverage of a classifier that abstains below a confidence (El-Yaniv and Wiener: On the
 * foundations of noise-free selective classification, 2010). There is one point for each confidence, from all predictions to
 * the surest ones.
 */
export function accuracyByCoverage(predictions: readonly JudgedPredictions[]): CoveragePoint[] {
  const total = sum(predictions.map(({ count }) => count));
  const surestFirst = predictions.filter(({ count }) => count > 0).toSorted((a, b) => b.confidence - a.confidence);
  const points: CoveragePoint[] = [];
  let count = 0;
  let correct = 0;
  for (const [at, prediction] of surestFirst.entries()) {
    count += prediction.count;
    correct += prediction.correct;
    // Predictions with the same confidence are answered together.
    if (surestFirst[at + 1]?.confidence === prediction.confidence) continue;
    points.push({
      minConfidence: prediction.confidence,
      coverage: ratio(count, total),
      count,
      accuracy: ratio(correct, count),
      interval: wilsonInterval(correct, count),
    });
  }
  return points.reverse();
}

/**
 * Picks for each share the point with the highest minimum that still answers this share of the predictions. Shares with the
 * same point get it once.
 *
 * @param points from all predictions to the surest ones
 * @param shares from 0 to 1, in descending order
 */
export function pointsAtShares(points: readonly CoveragePoint[], shares: readonly number[]): CoveragePoint[] {
  // A sum of fractions can be just below the share that it stands for.
  const picked = shares.map((share) => points.findLast(({ coverage }) => coverage >= share - 1e-9));
  return [...new Set(picked)].filter((point) => point !== undefined);
}
