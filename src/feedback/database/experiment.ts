import type { AnsweringRole } from '../../models/routing.ts';
import type { VersionKey } from './feedback.ts';

/** The use of a version when it scored a text: it gave the answer, or it scored beside the version that did. */
export type VersionUse = 'answer' | 'shadow';

/** The role in which a version scored a text. */
export type UsageRole = AnsweringRole | 'shadow';

/** The label that a shadow gave to one prediction. It is kept until the true label comes. */
export interface ShadowLabel {
  /** The id of the prediction. */
  readonly id: string;
  /** The time in the id, in milliseconds since the epoch. */
  readonly predictedAt: number;
  /** The version of the shadow. */
  readonly version: string;
  readonly artefact: string;
  readonly label: string;
}

/** An active version and the shadow that is compared with it. */
export interface Experiment {
  readonly model: string;
  readonly active: string;
  readonly activeArtefact: string;
  readonly shadow: string;
  readonly shadowArtefact: string;
}

/** The number of texts that got these two labels from the two versions. */
export interface LabelPair {
  readonly activeLabel: string;
  readonly shadowLabel: string;
  readonly count: number;
}

/** A label pair whose true label is known, from `truth` or `review`. */
export interface EvaluatedPair extends LabelPair {
  readonly actual: string;
}

/** The texts that both versions scored in one hour, by whether their true label was asked for. */
export interface HourOfPairs {
  /** Hours since the epoch. */
  readonly hour: number;
  /** True if the predictions were picked for review. */
  readonly asked: boolean;
  /** The number of texts with two different labels. */
  readonly disagreements: number;
  /** The number of those texts whose true label is known: by the version that was right alone, and by neither. */
  readonly onlyActive: number;
  readonly onlyShadow: number;
  readonly neither: number;
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

/**
 * The texts that a version scored in one role in one slot: an hour, or a part of an hour if the roles changed within it. So
 * no slot contains texts from before and after a change.
 */
export interface SlotCount extends VersionKey {
  readonly role: UsageRole;
  /** The start of the slot, in milliseconds since the epoch. */
  readonly slot: number;
  /** The meaning of `bin`: a duration bucket or {@link FAILED_BUCKET}, or a tenth of the confidence. */
  readonly kind: 'duration' | 'confidence';
  readonly bin: number;
  /** True if the predictions were picked for review. Always false for durations. */
  readonly asked: boolean;
  readonly count: number;
}

/** The texts that an active version and its shadow scored in one slot. */
export interface SlotPair extends Experiment {
  readonly slot: number;
  readonly asked: boolean;
  readonly agrees: boolean;
  readonly count: number;
}

/** The slots to read. */
export interface SlotQuery extends VersionKey {
  readonly role: UsageRole;
  readonly kind: SlotCount['kind'];
  /** The earliest start of a slot in milliseconds. */
  readonly since: number;
}

/** A prediction that waits for a reviewed label. */
export interface WaitingReview extends VersionKey {
  /** The id of the prediction. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly predictedAt: number;
  readonly label: string;
  readonly confidence: number;
}

/** The records of about one second, which a process sends to the store in one message. */
export interface ExperimentBatch {
  readonly labels: readonly ShadowLabel[];
  readonly pairs: readonly (Experiment & LabelPair)[];
  readonly minutes: readonly MinuteCount[];
  readonly slots: readonly SlotCount[];
  readonly slotPairs: readonly SlotPair[];
  readonly reviews: readonly WaitingReview[];
}

/** Returns the minute since the epoch that contains a time in milliseconds. */
export function minuteOf(time: number): number {
  return Math.floor(time / 60_000);
}
