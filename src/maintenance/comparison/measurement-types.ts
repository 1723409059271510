import type { DriftVerdict } from '../../classifier/statistics/drift-test.ts';

/** The measurements of a model that a decision may use: plain numbers, measured by `gatherMeasurements`. */
export interface Measurements {
  /** The time of the measurement, in milliseconds since the epoch. */
  readonly now: number;
  readonly active: VersionMeasurements;
  readonly shadow?: ShadowMeasurements;
  readonly canary?: CanaryMeasurements;
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
  /** The time when it took its role, in milliseconds since the epoch. */
  readonly since: number;
  /** The number of texts that it scored in its role, in the last hour at most. */
  readonly predictions: number;
  /** The number of texts that it failed to score in the same time. */
  readonly errors: number;
  /** The 99th percentile of the time to tokenise and score one text; null where no text was scored. */
  readonly p99Seconds: number | null;
  /** Its predictions whose true label arrived since it took its role. The feedback of a shadow is not limited in time. */
  readonly feedback: { readonly count: number; readonly correct: number };
  /** The accuracy in its manifest. */
  readonly trainingAccuracy: number;
}

export interface CanaryMeasurements extends VersionMeasurements {
  /** The share of requests that it answers, from 0 to 1. */
  readonly share: number;
}

export interface ShadowMeasurements extends VersionMeasurements {
  /** The share of texts with the same label from the active version, from 0 to 1; null where no text was compared. */
  readonly agreement: number | null;
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
