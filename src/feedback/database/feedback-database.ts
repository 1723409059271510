import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ConfusionCount } from '../../classifier/statistics/confusion-matrix.ts';
import { tryLock } from '../../platform/file-lock.ts';
import { EXPERIMENT_SCHEMA, type ExperimentDatabase, openExperiments } from './experiment-database.ts';
import type { Feedback, FeedbackOutcome, FeedbackTotal } from './feedback.ts';
import { inTransaction } from './transaction.ts';

/** The file name of the database in `DATA_DIR`. */
export const FEEDBACK_FILE = 'feedback.db';

/** The longest wait of a writer while another process writes to the file. */
const BUSY_TIMEOUT_MS = 5_000;

/** The SQLite error code of "database is locked". */
const SQLITE_BUSY = 5;

const FEEDBACK_SCHEMA = `
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

/** Feedback on disk. All calls are synchronous, so use it in a thread that may wait for the disk. */
export interface FeedbackDatabase {
  /**
   * Stores feedback in one transaction. All of it is on the disk when this method returns.
   *
   * @throws if SQLite fails; then nothing is stored
   */
  record(feedback: readonly Feedback[]): FeedbackOutcome[];
  /** Returns the confusion counts of a model version: of all feedback, or of feedback since a time in milliseconds. */
  counts(model: string, version: string, since: number | undefined): ConfusionCount[];
  /** Returns the totals of all feedback from every process that shares the folder. */
  totals(): FeedbackTotal[];
  /**
   * Returns true if this process reports the totals. Several processes may share the folder, and metrics add up their
   * counts, so only one process reports. It holds a lock that the operating system releases when the process ends.
   *
   * @throws if the lock file cannot be written
   */
  isReporter(): boolean;
  /** Returns false if the file was deleted or replaced. SQLite would go on to write into the deleted file. */
  isPresent(): boolean;
  /** The records of experiments in the same file. */
  readonly experiments: ExperimentDatabase;
  close(): void;
}

/**
 * Opens the feedback database in a folder. Creates the folder and the database if they do not exist.
 *
 * @throws if the files cannot be opened or written
 */
export function openFeedbackDatabase(folder: string): FeedbackDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FEEDBACK_FILE);
  const inode = restrict(path);
  const open = () => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const db = open();
  // FULL: a commit is on the disk when it returns. With NORMAL in WAL mode, a power cut may lose the last commits.
  retryWhileBusy(() => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;'));
  db.exec(`BEGIN IMMEDIATE; ${FEEDBACK_SCHEMA} ${EXPERIMENT_SCHEMA} COMMIT;`);
  const experiments = openExperiments(open());
  // SQLite writes the content of its files to the disk, but not their names in WAL mode.
  syncNames(folder);
  const insert = db.prepare('INSERT INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING');
  const selectLabel = db.prepare('SELECT actual FROM feedback WHERE id = ?');
  const addText = db.prepare('UPDATE feedback SET text = ? WHERE id = ? AND text IS NULL');
  const countSince = db.prepare(
    'SELECT actual, predicted, COUNT(*) AS count FROM feedback WHERE model = ? AND version = ? AND received_at >= ? GROUP BY actual, predicted',
  );
  const countAll = db.prepare('SELECT actual, predicted, count FROM feedback_totals WHERE model = ? AND version = ?');
  const selectTotals = db.prepare('SELECT model, version, actual, predicted, count FROM feedback_totals');
  let reporterLock: ReturnType<typeof tryLock>;

  function store({ id, model, version, predicted, actual, predictedAt, receivedAt, text }: Feedback): FeedbackOutcome {
    const { changes } = insert.run(id, model, version, predicted, actual, predictedAt, receivedAt, text ?? null);
    if (changes === 1) return 'recorded';
    if (selectLabel.get(id)?.['actual'] !== actual) return 'conflict';
    if (text !== undefined) addText.run(text, id);
    return 'repeated';
  }

  return {
    isPresent: () => statSync(path, { throwIfNoEntry: false })?.ino === inode,
    record: (feedback) => inTransaction(db, () => feedback.map(store)),
    counts(model, version, since) {
      const rows = since === undefined ? countAll.all(model, version) : countSince.all(model, version, since);
      return rows.map(confusionCount);
    },
    totals: () =>
      selectTotals.all().map((row) => ({
        model: String(row['model']),
        version: String(row['version']),
        ...confusionCount(row),
      })),
    isReporter() {
      reporterLock ??= tryLock(join(folder, 'feedback-reporter.lock'), 'the feedback metrics');
      return reporterLock !== undefined;
    },
    experiments,
    close() {
      reporterLock?.close();
      experiments.close();
      db.close();
    },
  };
}

/** Writes the names in a folder to the disk. Windows cannot open a folder. */
function syncNames(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  fsyncSync(handle);
  closeSync(handle);
}

/** Creates the file if necessary, and lets its owner alone read it: it holds texts of people. Returns its inode. */
function restrict(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  // SQLite gives its other files the permissions of this one.
  if (!stats) {
    // The remains of a deleted database are not those of the new one.
    for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    closeSync(openSync(path, 'a', 0o600));
  }
  if (stats && !stats.isFile()) throw new Error(`${path} is not a regular file`);
  if (stats && (stats.mode & 0o077) !== 0) chmodSync(path, 0o600);
  return statSync(path).ino;
}

/**
 * Repeats work while the file is locked. SQLite does not wait when several processes create one file, because no other
 * process may have the file open while its journal mode changes.
 */
function retryWhileBusy(work: () => void): void {
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
