import type { DatabaseSync } from 'node:sqlite';
import {
  type EvaluatedPair,
  type Experiment,
  type ExperimentBatch,
  type HourOfPairs,
  type LabelPair,
  type MinuteCount,
  minuteOf,
  type SlotCount,
  type SlotQuery,
  type VersionUse,
  type WaitingReview,
} from './experiment.ts';
import type { FeedbackTotal } from './feedback.ts';
import {
  DURATION_RETENTION_MS,
  LABEL_RETENTION_MS,
  MAX_LABELS,
  MAX_REVIEWS,
  RETENTION_MINUTES,
  ROWS_BETWEEN_CLEANUPS,
  SLOT_RETENTION_MS,
} from './limits.ts';
import { openPairQueries } from './pair-queries.ts';
import { minuteCount, slotCount, waitingReview } from './rows.ts';
import { inTransaction } from './transaction.ts';

/** The records of experiments. A power cut may lose the newest records; a crash of the process loses none. */
export interface ExperimentDatabase {
  /**
   * Saves a batch in one transaction.
   *
   * @throws if SQLite fails; then nothing of the batch is saved
   */
  save(batch: ExperimentBatch): void;
  /** Returns the labels that two versions gave to the same texts. */
  pairs(experiment: Experiment): LabelPair[];
  /** Returns the label pairs whose true label is known from `truth` or `review`. */
  evaluatedPairs(experiment: Experiment): EvaluatedPair[];
  /** Returns the disagreements of two versions, by the hour of the prediction. */
  pairHours(experiment: Experiment): HourOfPairs[];
  /** Returns the confusion matrices of all shadows since the database was created. */
  totals(): FeedbackTotal[];
  /**
   * Returns the counts of a version between two times in milliseconds, including the whole minutes that contain them. Minutes
   * after the end exist if the clock was ahead once.
   */
  minuteCounts(model: string, version: string, use: VersionUse, since: number, until: number): MinuteCount[];
  /** Returns the counts of a version in one role, slot by slot. */
  slots(query: SlotQuery): SlotCount[];
  /** Returns the predictions that wait for a reviewed label, oldest first. */
  waitingReviews(model: string, limit: number): WaitingReview[];
  /** Returns the number of feedbacks with a text since a time in milliseconds. */
  textCount(model: string, since: number): number;
  close(): void;
}

/**
 * Opens the tables of experiments in the feedback file.
 *
 * @param db a separate connection to a file that already has all tables: commits of this connection do not wait for the
 * disk, unlike those of feedback
 * @param now returns the time in milliseconds
 */
export function openExperiments(db: DatabaseSync, now: () => number): ExperimentDatabase {
  db.exec('PRAGMA synchronous = NORMAL;');
  const pairs = openPairQueries(db);
  const addMinute = db.prepare(`
    INSERT INTO version_minutes (model, version, use, minute, bucket, count, confidence) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, confidence = confidence + excluded.confidence`);
  const addSlot = db.prepare(
    'INSERT INTO usage_slots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  );
  const addReview = db.prepare(`
    INSERT INTO reviews SELECT ?, ?, ?, ?, ?, ?, ?
      WHERE NOT EXISTS (SELECT 1 FROM feedback WHERE id = ? AND source <> 'report') ON CONFLICT DO NOTHING`);
  const deletions = [
    ['DELETE FROM shadow_labels WHERE predicted_at < ?', LABEL_RETENTION_MS],
    ['DELETE FROM reviews WHERE predicted_at < ?', LABEL_RETENTION_MS],
    [`DELETE FROM usage_slots WHERE kind = 'duration' AND slot < ?`, DURATION_RETENTION_MS],
    ['DELETE FROM usage_slots WHERE slot < ?', SLOT_RETENTION_MS],
    ['DELETE FROM pair_slots WHERE slot < ?', SLOT_RETENTION_MS],
  ].map(([sql, age]) => [db.prepare(String(sql)), Number(age)] as const);
  const deleteOldMinutes = db.prepare('DELETE FROM version_minutes WHERE minute < ?');
  const deleteExcess = [
    ['shadow_labels', MAX_LABELS],
    ['reviews', MAX_REVIEWS],
  ].map(([table, limit]) =>
    db.prepare(`
      DELETE FROM ${table} WHERE predicted_at <=
        (SELECT predicted_at FROM ${table} ORDER BY predicted_at DESC LIMIT 1 OFFSET ${limit})`),
  );
  const selectMinutes = db.prepare(
    'SELECT minute, bucket, count, confidence FROM version_minutes WHERE model = ? AND version = ? AND use = ? AND minute BETWEEN ? AND ?',
  );
  const selectSlots = db.prepare(`
    SELECT slot, bin, asked, count FROM usage_slots
      WHERE model = ? AND version = ? AND artefact = ? AND role = ? AND kind = ? AND slot >= ? ORDER BY slot`);
  const selectReviews = db.prepare('SELECT * FROM reviews WHERE model = ? ORDER BY predicted_at LIMIT ?');
  const countTexts = db.prepare(
    'SELECT COUNT(*) AS count FROM feedback WHERE model = ? AND received_at >= ? AND text IS NOT NULL',
  );
  let newRows = ROWS_BETWEEN_CLEANUPS;

  function deleteOldRows(): void {
    if (newRows < ROWS_BETWEEN_CLEANUPS) return;
    newRows = 0;
    for (const [deletion, age] of deletions) deletion.run(now() - age);
    deleteOldMinutes.run(minuteOf(now()) - RETENTION_MINUTES);
    for (const deletion of deleteExcess) deletion.run();
  }

  return {
    ...pairs.queries,
    save: (batch) =>
      inTransaction(db, () => {
        pairs.save(batch);
        for (const { model, version, use, minute, bucket, count, confidence } of batch.minutes) {
          addMinute.run(model, version, use, minute, bucket, count, confidence);
        }
        for (const { model, version, artefact, role, kind, slot, bin, asked, count } of batch.slots) {
          addSlot.run(model, version, artefact, role, kind, slot, bin, Number(asked), count);
        }
        for (const { id, model, version, artefact, predictedAt, label, confidence } of batch.reviews) {
          addReview.run(predictedAt, id, model, version, artefact, label, confidence, id);
        }
        newRows += batch.labels.length + batch.minutes.length + batch.slots.length + batch.reviews.length;
        deleteOldRows();
      }),
    minuteCounts: (model, version, use, since, until) =>
      selectMinutes
        .all(model, version, use, minuteOf(since), minuteOf(until))
        .map((row) => ({ model, version, use, ...minuteCount(row) })),
    slots: ({ since, ...query }) => {
      const { model, version, artefact, role, kind } = query;
      return selectSlots
        .all(model, version, artefact, role, kind, Math.floor(since))
        .map((row) => ({ ...query, ...slotCount(row) }));
    },
    waitingReviews: (model, limit) => selectReviews.all(model, limit).map((row) => ({ model, ...waitingReview(row) })),
    textCount: (model, since) => Number(countTexts.get(model, since)?.['count']),
    close: () => db.close(),
  };
}
