import type { ConfusionCount } from '../../classifier/statistics/confusion-matrix.ts';
import type { AnsweringRole } from '../../models/routing.ts';
import type { Config } from '../../platform/config.ts';
import type { DatabaseAddress } from '../../postgres/address.ts';

/** The place of a feedback store: a folder such as `DATA_DIR`, or a PostgreSQL database. */
export type FeedbackPlace = string | DatabaseAddress;

/** The settings that choose the place of the feedback. */
export type FeedbackSettings = Pick<Config, 'DATA_DIR' | 'DATABASE_URL' | 'DATABASE_PASSWORD_FILE'>;

/** Returns the place of the store that the settings choose. */
export function feedbackPlaceOf({ DATA_DIR, DATABASE_URL, DATABASE_PASSWORD_FILE }: FeedbackSettings): FeedbackPlace {
  return DATABASE_URL === undefined ? DATA_DIR : { url: DATABASE_URL, passwordFile: DATABASE_PASSWORD_FILE };
}

/** The file name of the database in `DATA_DIR`. */
export const FEEDBACK_FILE = 'feedback.db';

/**
 * The origin of a label. `truth` would have come for any answer. `review` is about a prediction that the service had picked
 * at random. `report` came because somebody objected or agreed of their own accord.
 */
export const LABEL_SOURCES = ['truth', 'review', 'report'] as const;
export type LabelSource = (typeof LABEL_SOURCES)[number];

/** One version of a model: its name, and the beginning of the sha256 of its weights. */
export interface VersionKey {
  readonly model: string;
  readonly version: string;
  /** As `artefactOf` returns it. Records of older versions of Waymark have none, and belong to every artefact of the name. */
  readonly artefact: string;
}

/** The true label of one prediction, as the store keeps it. */
export interface Feedback extends VersionKey {
  /** The id of the prediction. Each id has at most one label, and at most one report. */
  readonly id: string;
  readonly predicted: string;
  readonly actual: string;
  readonly source: LabelSource;
  /** Milliseconds since the epoch. */
  readonly predictedAt: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** The reason why the version answered; undefined if the id does not contain it. */
  readonly role?: AnsweringRole | undefined;
  /** The confidence of the prediction, from 0 to 1; undefined if the id does not contain it. */
  readonly confidence?: number | undefined;
  /** The share of predictions that were picked for review when this one was; 0 if it was not picked. */
  readonly reviewShare: number;
  /** The classified text, if the sender allows training on it. */
  readonly text?: string | undefined;
}

/**
 * The outcome of storing feedback: `repeated` is the same label again, `conflict` is another label than the stored one.
 */
export type FeedbackOutcome = 'recorded' | 'repeated' | 'conflict';

/** The number of feedbacks of a model version by source, actual and predicted label. */
export interface FeedbackTotal extends ConfusionCount {
  readonly model: string;
  readonly version: string;
  readonly source: LabelSource;
}

/** The number of feedbacks of a model version by source, confidence and whether the prediction was correct. */
export interface ConfidenceTotal {
  readonly model: string;
  readonly version: string;
  readonly source: LabelSource;
  /** The tenth of the confidence, 0 to 9. */
  readonly bin: number;
  readonly correct: boolean;
  readonly count: number;
}

/** Feedback on one version, added up. */
export interface LabelCount extends ConfusionCount {
  readonly source: LabelSource;
  /** The share of predictions that were picked for review; 0 for predictions that were not picked. */
  readonly reviewShare: number;
  /** The tenth of the confidence, 0 to 9; -1 if it is not known. */
  readonly bin: number;
}

/** Labels from `truth` and `review` on predictions of one confidence. */
export interface ConfidenceCount {
  readonly source: LabelSource;
  readonly reviewShare: number;
  /** The lowest confidence of these predictions: they have it in the steps of their ids. */
  readonly confidence: number;
  readonly correct: boolean;
  readonly count: number;
}

/** The labels to count. */
export interface LabelQuery extends VersionKey {
  /** The earliest time of the prediction in milliseconds; without it, all labels count. */
  readonly since?: number | undefined;
  /** The latest time of the prediction; without it, times have no limit. */
  readonly until?: number | undefined;
  /** Only predictions of this role; without it, of all roles. */
  readonly role?: AnsweringRole | undefined;
}

/** The labels of one hour of predictions. */
export interface HourOfLabels {
  /** Hours since the epoch. */
  readonly hour: number;
  /** True if the predictions were picked for review. */
  readonly asked: boolean;
  readonly bin: number;
  /** The number of labels from `truth` and `review`, and of those that confirm the prediction. */
  readonly count: number;
  readonly correct: number;
  /** The number of predictions with a report of another label. */
  readonly objections: number;
}

/** The bin of predictions whose confidence is not known. */
const UNKNOWN_BIN = -1;

/** Milliseconds of an hour. */
export const HOUR_MS = 3_600_000;

/** Returns the hour since the epoch that contains a time in milliseconds. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS);
}

/** Returns the tenth that contains a confidence from 0 to 1. */
export function binOf(confidence: number | undefined): number {
  return confidence === undefined ? UNKNOWN_BIN : Math.min(9, Math.floor(confidence * 10));
}
