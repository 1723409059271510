import type { DriftVerdict } from '../../classifier/statistics/drift-test.ts';

/** All that a decision about a model may look at: plain numbers, measured by `gatherMeasurements`. */
export interface Measurements {
  /** When they were taken, in milliseconds since the epoch. */
  readonly now: number;
  readonly active: VersionMeasurements;
  readonly shadow?: ShadowMeasurements;
  readonly canary?: CanaryMeasurements;
  /** Of what the active version predicted in the last hour. */
  readonly drift: {
    readonly verdict: DriftVerdict;
    /** The largest stability index of any feature. */
    readonly psi: number;
  };
  /** Texts that came in with their true label since the active version took its role: what retraining would add. */
  readonly feedbackWithText: number;
}

/** One version in its role. */
export interface VersionMeasurements {
  readonly version: string;
  /** When it took its role, in milliseconds since the epoch. */
  readonly since: number;
  /** Texts that it scored in its role: since it took it, or in the last hour where that is shorter. By all processes. */
  readonly predictions: number;
  /** Texts over the same time that it failed to score. */
  readonly errors: number;
  /** How long it took to tokenise and score one of them: 99th percentile; null where there is none. */
  readonly p99Seconds: number | null;
  /** Its predictions whose true label came in since it took its role; of a shadow, ever. */
  readonly feedback: { readonly count: number; readonly correct: number };
  /** As its manifest states it. */
  readonly trainingAccuracy: number;
}

export interface CanaryMeasurements extends VersionMeasurements {
  /** The share of requests that it answers, from 0 to 1. */
  readonly share: number;
}

export interface ShadowMeasurements extends VersionMeasurements {
  /** The share of texts that it labelled as the active version did; null where there is none. */
  readonly agreement: number | null;
  /** Texts that both versions scored and whose true label came in. */
  readonly paired: PairedCounts;
}

/** Texts by which of two versions labelled them rightly. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyActive: number;
  readonly onlyShadow: number;
  readonly neither: number;
}
