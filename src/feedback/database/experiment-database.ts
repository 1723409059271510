import type { DatabaseSync } from 'node:sqlite';
import {
  type EvaluatedPair,
  type Experiment,
  type ExperimentBatch,
  type LabelPair,
  type MinuteCount,
  minuteOf,
  type VersionUse,
} from './experiment.ts';
import type { FeedbackTotal } from './feedback.ts';
import { inTransaction } from './transaction.ts';

/** The longest time in milliseconds that a shadow's label waits for the true label. */
const LABEL_RETENTION_MS = 30 * 86_400_000;
/** The maximum number of labels that wait. */
const MAX_LABELS = 1_000_000;
/** The time in minutes that minute counts are kept. */
const RETENTION_MINUTES = 1_440;
/** The number of new rows after which old rows are deleted. */
const ROWS_BETWEEN_CLEANUPS = 20_000;

/**
 * The tables of experiments. Their names, columns and triggers never change, because existing databases have them: a
 * renamed trigger would run beside the old one and count feedback twice.
 *
 * The key of a label is the time of the prediction and the last 16 characters of its id. These are 96 bits of the
 * signature, and distinguish predictions of the same millisecond. A key that begins with the time makes inserts
 * sequential, and the oldest rows are adjacent.
 *
 * A pair is counted once, in the transaction that stores its second part: the feedback or the shadow's label.
 */
export const EXPERIMENT_SCHEMA = `
  CREATE TABLE IF NOT EXISTS shadow_labels (
    predicted_at INTEGER NOT NULL,
    key TEXT NOT NULL,
    version TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (predicted_at, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS shadow_feedback (
    model TEXT NOT NULL,
    active TEXT NOT NULL,
    shadow TEXT NOT NULL,
    actual TEXT NOT NULL,
    active_label TEXT NOT NULL,
    shadow_label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, active, shadow, actual, active_label, shadow_label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS shadow_pairs (
    model TEXT NOT NULL,
    active TEXT NOT NULL,
    shadow TEXT NOT NULL,
    active_label TEXT NOT NULL,
    shadow_label TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, active, shadow, active_label, shadow_label)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS version_minutes (
    minute INTEGER NOT NULL,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    use TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    count INTEGER NOT NULL,
    confidence REAL NOT NULL,
    PRIMARY KEY (model, version, use, minute, bucket)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS shadow_judged_by_feedback AFTER INSERT ON feedback BEGIN
    INSERT INTO shadow_feedback
      SELECT NEW.model, NEW.version, version, NEW.actual, NEW.predicted, label, 1 FROM shadow_labels
      WHERE predicted_at = NEW.predicted_at AND key = substr(NEW.id, -16)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END;
`;

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
  /** Returns the label pairs whose true label is known. */
  evaluatedPairs(experiment: Experiment): EvaluatedPair[];
  /** Returns the confusion matrices of all shadows since the database was created. */
  totals(): FeedbackTotal[];
  /**
   * Returns the counts of a version since a time in milliseconds, including the whole minute that contains this time.
   */
  minuteCounts(model: string, version: string, use: VersionUse, since: number): MinuteCount[];
  /** Returns the number of feedbacks with a text since a time in milliseconds. */
  textCount(model: string, since: number): number;
  close(): void;
}

/**
 * Opens the tables of experiments in the feedback file.
 *
 * @param db a separate connection to a file that already has all tables: commits of this connection do not wait for the
 * disk, unlike those of feedback
 */
export function openExperiments(db: DatabaseSync): ExperimentDatabase {
  db.exec('PRAGMA synchronous = NORMAL;');
  const addLabel = db.prepare('INSERT INTO shadow_labels VALUES (?, substr(?, -16), ?, ?) ON CONFLICT DO NOTHING');
  const addEvaluatedPair = db.prepare(`
    INSERT INTO shadow_feedback
      SELECT model, version, ?, actual, predicted, ?, 1 FROM feedback WHERE id = ?
      ON CONFLICT DO UPDATE SET count = count + 1`);
  const addPair = db.prepare(
    'INSERT INTO shadow_pairs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  );
  const addMinute = db.prepare(`
    INSERT INTO version_minutes (model, version, use, minute, bucket, count, confidence) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, confidence = confidence + excluded.confidence`);
  const deleteOldLabels = db.prepare('DELETE FROM shadow_labels WHERE predicted_at < ?');
  const deleteOldMinutes = db.prepare('DELETE FROM version_minutes WHERE minute < ?');
  const deleteExcessLabels = db.prepare(`
    DELETE FROM shadow_labels WHERE predicted_at <=
      (SELECT predicted_at FROM shadow_labels ORDER BY predicted_at DESC LIMIT 1 OFFSET ${MAX_LABELS})`);
  const ofExperiment = 'WHERE model = ? AND active = ? AND shadow = ?';
  const selectPairs = db.prepare(`SELECT active_label, shadow_label, count FROM shadow_pairs ${ofExperiment}`);
  const selectEvaluatedPairs = db.prepare(
    `SELECT actual, active_label, shadow_label, count FROM shadow_feedback ${ofExperiment}`,
  );
  const selectTotals = db.prepare(`
    SELECT model, shadow AS version, actual, shadow_label AS predicted, SUM(count) AS count FROM shadow_feedback
      GROUP BY model, shadow, actual, shadow_label`);
  const selectMinutes = db.prepare(
    'SELECT minute, bucket, count, confidence FROM version_minutes WHERE model = ? AND version = ? AND use = ? AND minute >= ?',
  );
  const countTexts = db.prepare(
    'SELECT COUNT(*) AS count FROM feedback WHERE model = ? AND received_at >= ? AND text IS NOT NULL',
  );
  let newRows = ROWS_BETWEEN_CLEANUPS;

  function deleteOldRows(): void {
    if (newRows < ROWS_BETWEEN_CLEANUPS) return;
    newRows = 0;
    deleteOldLabels.run(Date.now() - LABEL_RETENTION_MS);
    deleteOldMinutes.run(minuteOf(Date.now()) - RETENTION_MINUTES);
    deleteExcessLabels.run();
  }

  return {
    save: (batch) =>
      inTransaction(db, () => {
        for (const { id, predictedAt, version, label } of batch.labels) {
          if (addLabel.run(predictedAt, id, version, label).changes === 1) addEvaluatedPair.run(version, label, id);
        }
        for (const { model, active, shadow, activeLabel, shadowLabel, count } of batch.pairs) {
          addPair.run(model, active, shadow, activeLabel, shadowLabel, count);
        }
        for (const { model, version, use, minute, bucket, count, confidence } of batch.minutes) {
          addMinute.run(model, version, use, minute, bucket, count, confidence);
        }
        newRows += batch.labels.length + batch.minutes.length;
        deleteOldRows();
      }),
    pairs: ({ model, active, shadow }) => selectPairs.all(model, active, shadow).map(labelPair),
    evaluatedPairs: ({ model, active, shadow }) => selectEvaluatedPairs.all(model, active, shadow).map(evaluatedPair),
    totals: () =>
      selectTotals.all().map((row) => ({
        model: String(row['model']),
        version: String(row['version']),
        actual: String(row['actual']),
        predicted: String(row['predicted']),
        count: Number(row['count']),
      })),
    minuteCounts: (model, version, use, since) =>
      selectMinutes.all(model, version, use, minuteOf(since)).map((row) => ({
        model,
        version,
        use,
        minute: Number(row['minute']),
        bucket: Number(row['bucket']),
        count: Number(row['count']),
        confidence: Number(row['confidence']),
      })),
    textCount: (model, since) => Number(countTexts.get(model, since)?.['count']),
    close: () => db.close(),
  };
}

type Row = Record<string, unknown>;

function labelPair(row: Row): LabelPair {
  return {
    activeLabel: String(row['active_label']),
    shadowLabel: String(row['shadow_label']),
    count: Number(row['count']),
  };
}

function evaluatedPair(row: Row): EvaluatedPair {
  return { actual: String(row['actual']), ...labelPair(row) };
}
