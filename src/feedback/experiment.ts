/** How a version was used when it scored a text: it answered, or it scored beside the version that did. */
export type Use = 'answer' | 'shadow';

/** What a shadow said of one prediction, until the true label comes. */
export interface ShadowLabel {
  /** The prediction's id. */
  readonly id: string;
  /** Milliseconds since the epoch, as the id has it. */
  readonly predictedAt: number;
  readonly version: string;
  readonly label: string;
}

/** A version that answers, and the one that scores beside it. */
export interface Trial {
  readonly model: string;
  readonly active: string;
  readonly shadow: string;
}

/** How often the two versions gave these labels to one text. */
export interface LabelPair {
  readonly activeLabel: string;
  readonly shadowLabel: string;
  readonly count: number;
}

/** The same where the true label came in. */
export interface JudgedPair extends LabelPair {
  readonly actual: string;
}

/** What one version did in one minute, of the texts that took about as long. */
export interface MinuteCount {
  readonly model: string;
  readonly version: string;
  readonly use: Use;
  /** Minutes since the epoch. */
  readonly minute: number;
  /** The bucket of the time they took, or {@link failedBucket}. */
  readonly bucket: number;
  readonly count: number;
  /** The sum of their confidences. */
  readonly confidence: number;
}

/** Stands among the buckets for the texts that could not be scored. */
export const failedBucket = -1;

/** What came together since the last time: one process sends it in one message. */
export interface TrialNews {
  readonly labels: readonly ShadowLabel[];
  readonly pairs: readonly (Trial & LabelPair)[];
  readonly minutes: readonly MinuteCount[];
}

/** The minute since the epoch that a time in milliseconds lies in. */
export function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
