import type { DriftVerdict } from '../../classifier/statistics/drift-test.ts';
import type { BucketCount } from '../../feedback/duration-buckets.ts';
import type { Coverage, Evidence, Reports } from './evidence.ts';

/** The measurements of a model that a decision may use: plain numbers, measured by `gatherMeasurements`. */
export interface Measurements {
  /** The time of the measurement, in milliseconds since the epoch. */
  readonly now: number;
  readonly active: VersionMeasurements;
  readonly shadow?: ShadowMeasurements;
  readonly canary?: CanaryMeasurements;
  /** The active version's labels since the canary began. The hash of a key splits the requests. */
  readonly besideCanary?: { readonly count: number; readonly correct: number };
  /** The drift of the active version's predictions in the last hour. */
  readonly drift: {
    readonly verdict: DriftVerdict;
    /** The largest population stability index of any feature. */
    readonly psi: number;
  };
  /** The number of texts with a true label since the active version took its role; retraining would learn from them. */
  readonly feedbackWithText: number;
}

/** One version in its role, measured over all processes. */
export interface VersionMeasurements {
  readonly version: string;
  /** The beginning of the sha256 of its weights: another version with the same number is another version. */
  readonly artefact?: string;
  /** The time when it took its role, in milliseconds since the epoch. */
  readonly since: number;
  /** The number of texts that it scored in its role, in the last hour at most. */
  readonly predictions: number;
  /** The number of texts that it failed to score in the same time. */
  readonly errors: number;
  /** The 99th percentile of the time to tokenise and score one text; null where no text was scored. */
  readonly p99Seconds: number | null;
  /** All texts since it took its role. */
  readonly total: UsageTotal;
  /**
   * Its predictions in this role with a label from `truth` or `review`. The labels of a shadow are not limited in time, because
   * they belong to this pair of versions only.
   */
  readonly feedback: { readonly count: number; readonly correct: number };
  readonly coverage: Coverage;
  readonly reports: Reports;
  /** The accuracy in its manifest, and the number of texts that it was measured on. */
  readonly trainingAccuracy: number;
  readonly trainingTexts: number;
}

/** The texts that a version scored in its role since it took the role, 35 days at most. */
export interface UsageTotal {
  readonly predictions: number;
  readonly errors: number;
  readonly durations: readonly BucketCount[];
}

export interface CanaryMeasurements extends VersionMeasurements {
  /** The texts that the active version answered in the same time. The load of the machine was the same then. */
  readonly beside: UsageTotal;
  /** The evidence against the active version, since the canary began or its share changed. */
  readonly evidence: Evidence;
  /** The evidence that people report the canary as wrong more often than the active version, as an e-value. */
  readonly reportedMore: number;
  /** The share of requests that it answers, from 0 to 1. */
  readonly share: number;
}

export interface ShadowMeasurements extends VersionMeasurements {
  /** The texts that the active version answered in the same time. */
  readonly beside: UsageTotal;
  /** The share of texts with the same label from the active version, from 0 to 1; null where no text was compared. */
  readonly agreement: number | null;
  readonly evidence: Evidence;
  /** The texts that both versions scored, and whose true label is known. */
  readonly paired: PairedCounts;
}

/** Numbers of texts by which of two versions labelled them correctly. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyActive: number;
  readonly onlyShadow: number;
  readonly neither: number;
}
