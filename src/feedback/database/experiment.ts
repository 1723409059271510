/** The use of a version when it scored a text: it gave the answer, or it scored beside the version that did. */
export type VersionUse = 'answer' | 'shadow';

/** The label that a shadow gave to one prediction. It is kept until the true label comes. */
export interface ShadowLabel {
  /** The id of the prediction. */
  readonly id: string;
  /** The time in the id, in milliseconds since the epoch. */
  readonly predictedAt: number;
  /** The version of the shadow. */
  readonly version: string;
  readonly label: string;
}

/** An active version and the shadow that is compared with it. */
export interface Experiment {
  readonly model: string;
  readonly active: string;
  readonly shadow: string;
}

/** The number of texts that got these two labels from the two versions. */
export interface LabelPair {
  readonly activeLabel: string;
  readonly shadowLabel: string;
  readonly count: number;
}

/** A label pair whose true label is known. */
export interface EvaluatedPair extends LabelPair {
  readonly actual: string;
}

/** The texts of one duration bucket that one version scored in one minute. */
export interface MinuteCount {
  readonly model: string;
  readonly version: string;
  readonly use: VersionUse;
  /** Minutes since the epoch. */
  readonly minute: number;
  /** The bucket of the scoring time, or {@link FAILED_BUCKET}. */
  readonly bucket: number;
  readonly count: number;
  /** The sum of the confidences. */
  readonly confidence: number;
}

/** The bucket number of texts that could not be scored. */
export const FAILED_BUCKET = -1;

/** The records of about one second, which a process sends to the store in one message. */
export interface ExperimentBatch {
  readonly labels: readonly ShadowLabel[];
  readonly pairs: readonly (Experiment & LabelPair)[];
  readonly minutes: readonly MinuteCount[];
}

/** Returns the minute since the epoch that contains a time in milliseconds. */
export function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
