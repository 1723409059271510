import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ConfusionCount } from '../classifier/statistics/confusion-matrix.ts';
import { openTrials, type TrialDatabase, trialSchema } from './experiment-database.ts';
import type { Feedback, FeedbackTotal, Outcome } from './feedback.ts';
import { inTransaction } from './transaction.ts';

/** The name of the file in its folder. */
export const FEEDBACK_FILE = 'feedback.db';

/** How long a writer waits for another process that is writing to the same file. */
const BUSY_TIMEOUT_MS = 5_000;

/** The code of "database is locked". */
const SQLITE_BUSY = 5;

const schema = `
  CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    predicted TEXT NOT NULL,
    actual TEXT NOT NULL,
    predicted_at INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    text TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS feedback_by_time ON feedback (model, version, received_at, actual, predicted);
  CREATE INDEX IF NOT EXISTS feedback_with_text ON feedback (model, received_at) WHERE text IS NOT NULL;
  CREATE TABLE IF NOT EXISTS feedback_totals (
    model TEXT NOT NULL,
    version TEXT NOT NULL,
    actual TEXT NOT NULL,
    predicted TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (model, version, actual, predicted)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER IF NOT EXISTS feedback_counted AFTER INSERT ON feedback BEGIN
    INSERT INTO feedback_totals VALUES (NEW.model, NEW.version, NEW.actual, NEW.predicted, 1)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END;
`;

/** Feedback on disk. Synchronous: it belongs into a thread that may wait for the disk. */
export interface FeedbackDatabase {
  /** Keeps all of them in one transaction: when this returns they are on the disk, or (it throws) none is. */
  record(feedback: readonly Feedback[]): Outcome[];
  /** What came in of one model version, since a time in milliseconds or ever. */
  counts(model: string, version: string, since: number | undefined): ConfusionCount[];
  /** Everything that ever came in, by every process that shares the folder. */
  totals(): FeedbackTotal[];
  /**
   * Whether this process is the one that reports the totals. Several processes may share the folder, and their counts
   * are added up where metrics are kept: one must speak for all. The lock ends with its holder, however that ends.
   */
  isReporter(): boolean;
  /** What is known of versions on trial, in the same file. */
  readonly trials: TrialDatabase;
  close(): void;
}

/** Opens the feedback that is kept in a folder, and makes both where they are not there. */
export function openFeedbackDatabase(folder: string): FeedbackDatabase {
  mkdirSync(folder, { recursive: true });
  const open = () => new DatabaseSync(join(folder, FEEDBACK_FILE), { timeout: BUSY_TIMEOUT_MS });
  const db = open();
  // FULL: a commit is on the disk when it returns. With WAL's default, NORMAL, a power cut may take the last ones.
  whenNotBusy(() => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;'));
  db.exec(`BEGIN IMMEDIATE; ${schema} ${trialSchema} COMMIT;`);
  const trials = openTrials(open());
  const insert = db.prepare('INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING');
  const labelOf = db.prepare('SELECT actual FROM feedback WHERE id = ?');
  const addText = db.prepare('UPDATE feedback SET text = ? WHERE id = ? AND text IS NULL');
  const countSince = db.prepare(
    'SELECT actual, predicted, COUNT(*) AS count FROM feedback WHERE model = ? AND version = ? AND received_at >= ? GROUP BY actual, predicted',
  );
  const countAll = db.prepare('SELECT actual, predicted, count FROM feedback_totals WHERE model = ? AND version = ?');
  const everything = db.prepare('SELECT model, version, actual, predicted, count FROM feedback_totals');
  const lock = new DatabaseSync(join(folder, 'feedback-reporter.lock'), { timeout: 0 });
  let reporting = false;

  function keep({ id, model, version, predicted, actual, predictedAt, receivedAt, text }: Feedback): Outcome {
    const { changes } = insert.run(id, model, version, predicted, actual, predictedAt, receivedAt, text ?? null);
    if (changes === 1) return 'recorded';
    if (labelOf.get(id)?.['actual'] !== actual) return 'conflict';
    if (text !== undefined) addText.run(text, id);
    return 'repeated';
  }

  return {
    record: (feedback) => inTransaction(db, () => feedback.map(keep)),
    counts(model, version, since) {
      const rows = since === undefined ? countAll.all(model, version) : countSince.all(model, version, since);
      return rows.map(confusionCount);
    },
    totals: () =>
      everything.all().map((row) => ({
        model: String(row['model']),
        version: String(row['version']),
        ...confusionCount(row),
      })),
    isReporter() {
      reporting ||= tryLock(lock);
      return reporting;
    },
    trials,
    close() {
      lock.close();
      trials.close();
      db.close();
    },
  };
}

/** SQLite does not wait by itself where several processes make one file: to change its mode none may have it open. */
function whenNotBusy(work: () => void): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (const deadline = performance.now() + BUSY_TIMEOUT_MS; ; Atomics.wait(pause, 0, 0, 10)) {
    try {
      work();
      return;
    } catch (error) {
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY || performance.now() > deadline) throw error;
    }
  }
}

function confusionCount(row: Record<string, unknown>): ConfusionCount {
  return { actual: String(row['actual']), predicted: String(row['predicted']), count: Number(row['count']) };
}

function tryLock(lock: DatabaseSync): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch {
    return false;
  }
}
