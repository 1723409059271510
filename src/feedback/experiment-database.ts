import type { DatabaseSync } from 'node:sqlite';
import {
  type JudgedPair,
  type LabelPair,
  type MinuteCount,
  minuteOf,
  type Trial,
  type TrialNews,
  type Use,
} from './experiment.ts';
import type { FeedbackTotal } from './feedback.ts';
import { inTransaction } from './transaction.ts';

/** A shadow's label waits for the true one for so long, and there are at most so many that wait. */
const LABELS_KEPT_MS = 30 * 86_400_000;
const MAX_LABELS = 1_000_000;
const MINUTES_KEPT = 1_440;
/** Old rows are taken away after so many new ones. */
const ROWS_BETWEEN_CLEARINGS = 20_000;

/**
 * Of a prediction id its last 16 characters tell one from another of the same millisecond: they are 96 bits of its signature.
 * Keys that begin with the time are written one after the other, and the oldest are one piece.
 *
 * The pair is counted by whichever comes second, feedback or the shadow's label, in the transaction that keeps it: once.
 */
export const trialSchema = `
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

/** What is known of versions on trial. Of the newest of it a power cut may take some, and a crash takes none. */
export interface TrialDatabase {
  /** Keeps all of it or (it throws) nothing. */
  keep(news: TrialNews): void;
  /** What two versions said of the same texts. */
  pairs(trial: Trial): LabelPair[];
  /** The same where the true label came in. */
  judged(trial: Trial): JudgedPair[];
  /** The confusion matrices of all shadows that there ever were. */
  totals(): FeedbackTotal[];
  /** What a version did since a time in milliseconds; of the minute that lies in, all. */
  minutes(model: string, version: string, use: Use, since: number): MinuteCount[];
  /** How many texts came in with their true label, since a time in milliseconds. */
  texts(model: string, since: number): number;
  close(): void;
}

/**
 * Opens it beside the feedback in the same file, whose tables are there.
 *
 * @param db a connection of its own: its commits do not wait for the disk, as those of feedback do
 */
export function openTrials(db: DatabaseSync): TrialDatabase {
  db.exec('PRAGMA synchronous = NORMAL;');
  const addLabel = db.prepare('INSERT INTO shadow_labels VALUES (?, substr(?, -16), ?, ?) ON CONFLICT DO NOTHING');
  const judge = db.prepare(`
    INSERT INTO shadow_feedback
      SELECT model, version, ?, actual, predicted, ?, 1 FROM feedback WHERE id = ?
      ON CONFLICT DO UPDATE SET count = count + 1`);
  const addPair = db.prepare(
    'INSERT INTO shadow_pairs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  );
  const addMinute = db.prepare(`
    INSERT INTO version_minutes (model, version, use, minute, bucket, count, confidence) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET count = count + excluded.count, confidence = confidence + excluded.confidence`);
  const clearings = [
    db.prepare('DELETE FROM shadow_labels WHERE predicted_at < ?'),
    db.prepare('DELETE FROM version_minutes WHERE minute < ?'),
  ] as const;
  const clearBeyond = db.prepare(`
    DELETE FROM shadow_labels WHERE predicted_at <=
      (SELECT predicted_at FROM shadow_labels ORDER BY predicted_at DESC LIMIT 1 OFFSET ${MAX_LABELS})`);
  const ofTrial = 'WHERE model = ? AND active = ? AND shadow = ?';
  const pairs = db.prepare(`SELECT active_label, shadow_label, count FROM shadow_pairs ${ofTrial}`);
  const judged = db.prepare(`SELECT actual, active_label, shadow_label, count FROM shadow_feedback ${ofTrial}`);
  const totals = db.prepare(`
    SELECT model, shadow AS version, actual, shadow_label AS predicted, SUM(count) AS count FROM shadow_feedback
      GROUP BY model, shadow, actual, shadow_label`);
  const minutes = db.prepare(
    'SELECT minute, bucket, count, confidence FROM version_minutes WHERE model = ? AND version = ? AND use = ? AND minute >= ?',
  );
  const texts = db.prepare(
    'SELECT COUNT(*) AS count FROM feedback WHERE model = ? AND received_at >= ? AND text IS NOT NULL',
  );
  let rows = ROWS_BETWEEN_CLEARINGS;

  function clearOld(): void {
    if (rows < ROWS_BETWEEN_CLEARINGS) return;
    rows = 0;
    clearings[0].run(Date.now() - LABELS_KEPT_MS);
    clearings[1].run(minuteOf(Date.now()) - MINUTES_KEPT);
    clearBeyond.run();
  }

  return {
    keep: (news) =>
      inTransaction(db, () => {
        for (const { id, predictedAt, version, label } of news.labels) {
          if (addLabel.run(predictedAt, id, version, label).changes === 1) judge.run(version, label, id);
        }
        for (const { model, active, shadow, activeLabel, shadowLabel, count } of news.pairs) {
          addPair.run(model, active, shadow, activeLabel, shadowLabel, count);
        }
        for (const { model, version, use, minute, bucket, count, confidence } of news.minutes) {
          addMinute.run(model, version, use, minute, bucket, count, confidence);
        }
        rows += news.labels.length + news.minutes.length;
        clearOld();
      }),
    pairs: ({ model, active, shadow }) => pairs.all(model, active, shadow).map(labelPair),
    judged: ({ model, active, shadow }) => judged.all(model, active, shadow).map(judgedPair),
    totals: () =>
      totals.all().map((row) => ({
        model: String(row['model']),
        version: String(row['version']),
        actual: String(row['actual']),
        predicted: String(row['predicted']),
        count: Number(row['count']),
      })),
    minutes: (model, version, use, since) =>
      minutes.all(model, version, use, minuteOf(since)).map((row) => ({
        model,
        version,
        use,
        minute: Number(row['minute']),
        bucket: Number(row['bucket']),
        count: Number(row['count']),
        confidence: Number(row['confidence']),
      })),
    texts: (model, since) => Number(texts.get(model, since)?.['count']),
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

function judgedPair(row: Row): JudgedPair {
  return { actual: String(row['actual']), ...labelPair(row) };
}
