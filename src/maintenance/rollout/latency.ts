import { evidenceOfGreaterQuantile } from '../../classifier/statistics/quantile-tests.ts';
import { bucketsInRatio, durationBucket, durationQuantile } from '../../feedback/duration-buckets.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { UsageTotal } from '../comparison/measurement-types.ts';
import { confidenceOf } from './confidence.ts';

/** The usage of a version to compare with. */
export type NamedUsage = UsageTotal & { readonly version: string };

/** The latencies of a candidate compared with those of the active version in the same time. */
export interface LatencyComparison {
  /** The ratios of the medians and of the 99th percentiles, candidate to active version. */
  readonly medianRatio: number;
  readonly p99Ratio: number;
  /** The confidence that the median is at most `maxLatencyRatio` times that of the active version. */
  readonly notSlower: number;
  /** The confidence that the 99th percentile is more than `maxLatencyRatio` times that of the active version. */
  readonly slower: number;
}

/** The quantile of the slowest latencies that are compared. */
const SLOWEST_SHARE = 0.99;

/**
 * Compares latencies for a promotion. The median is known after a hundred predictions, and so it can be shown that a candidate
 * is not slower. The slowest of a few hundred are chance, mostly of the machine: they hold a candidate up only if there are
 * so many that they show a difference. Both confidences hold for any number of looks.
 *
 * @returns `undefined` if a version has fewer predictions than the policy demands
 */
export function compareLatencies(
  { promote, rollback }: Policy,
  candidate: UsageTotal,
  active: UsageTotal,
): LatencyComparison | undefined {
  if (Math.min(candidate.predictions, active.predictions) < Math.max(1, rollback.minimumPredictions)) return undefined;
  const shift = bucketsInRatio(promote.maxLatencyRatio);
  const ratioAt = (share: number) =>
    durationQuantile(candidate.durations, share)! / durationQuantile(active.durations, share)!;
  return {
    medianRatio: ratioAt(0.5),
    p99Ratio: ratioAt(SLOWEST_SHARE),
    // The median of the active version is larger than that of the candidate, less the ratio.
    notSlower: confidenceOf(evidenceOfGreaterQuantile(candidate.durations, active.durations, -shift, 0.5)),
    slower: confidenceOf(evidenceOfGreaterQuantile(active.durations, candidate.durations, shift, SLOWEST_SHARE)),
  };
}

/** A version that is much slower than another one. */
export interface LatencyBreach {
  readonly p99Seconds: number;
  readonly otherP99Seconds: number;
  readonly latencyRatio: number;
  readonly confidence: number;
}

/** Returns the figures of a version whose 99th percentile breaches the policy; `undefined` if it does not. */
export function findLatencyBreach(
  { rollback }: Policy,
  version: UsageTotal,
  other: UsageTotal,
): LatencyBreach | undefined {
  if (Math.min(version.predictions, other.predictions) < rollback.minimumPredictions) return undefined;
  const evidence = evidenceOfGreaterQuantile(
    other.durations,
    version.durations,
    bucketsInRatio(rollback.latencyRatio),
    SLOWEST_SHARE,
    durationBucket(rollback.latencySeconds),
  );
  const confidence = confidenceOf(evidence);
  if (confidence < rollback.accuracy.confidence) return undefined;
  const p99Seconds = durationQuantile(version.durations, SLOWEST_SHARE)!;
  const otherP99Seconds = durationQuantile(other.durations, SLOWEST_SHARE)!;
  return { p99Seconds, otherP99Seconds, latencyRatio: p99Seconds / otherP99Seconds, confidence };
}
