import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createCautiousClock } from '../../platform/cautious-clock.ts';
import { tryLock } from '../../platform/file-lock.ts';
import { type ExperimentDatabase, openExperiments } from './experiment-database.ts';
import {
  binOf,
  type ConfidenceCount,
  type ConfidenceTotal,
  FEEDBACK_FILE,
  type Feedback,
  type FeedbackOutcome,
  type FeedbackTotal,
  type HourOfLabels,
  type LabelCount,
  type LabelQuery,
} from './feedback.ts';
import { type FeedbackChange, openFeedbackChanges } from './feedback-changes.ts';
import { openLabelQueries } from './label-queries.ts';
import { prepareSchema } from './schema.ts';
import { createTextCipher, type TextCipher } from './text-cipher.ts';
import { inTransaction } from './transaction.ts';

/** The longest wait of a writer while another process writes to the file. */
const BUSY_TIMEOUT_MS = 5_000;

/** The SQLite error code of "database is locked". */
const SQLITE_BUSY = 5;

/** Feedback on disk. All calls are synchronous, so use it in a thread that may wait for the disk. */
export interface FeedbackDatabase {
  /**
   * Stores feedback in one transaction. All of it is on the disk when this method returns.
   *
   * @throws if SQLite fails; then nothing is stored
   */
  record(feedback: readonly Feedback[]): FeedbackOutcome[];
  /** Returns the labels of a version, added up. */
  counts(query: LabelQuery): LabelCount[];
  /** Returns the labels of a version's last 20,000 labelled predictions by their confidence. */
  confidences(query: LabelQuery): ConfidenceCount[];
  /** Returns the labels of a version in one role by the hour of the prediction. */
  hours(query: LabelQuery): HourOfLabels[];
  /** Returns the totals of all feedback from every process that shares the folder. */
  totals(): FeedbackTotal[];
  /** Returns the same totals by the confidence of the predictions, for predictions whose confidence is known. */
  confidenceTotals(): ConfidenceTotal[];
  /**
   * Replaces the label of a feedback, and writes the change into the trail.
   *
   * @returns the feedback before the change, or undefined if there is none
   */
  correct(id: string, label: string, actor: string, at: number): Pick<Feedback, 'actual' | 'source'> | undefined;
  /**
   * Deletes a feedback with its text, its label and its trail. The trail then says that it was erased.
   *
   * @returns whether there was one
   */
  erase(id: string, actor: string, at: number): boolean;
  /** Returns the changes of a feedback, oldest first. */
  changes(id: string): FeedbackChange[];
  /** Deletes the texts that arrived before a time in milliseconds; returns their number. */
  deleteTexts(before: number): number;
  /**
   * Encrypts a page of the texts that are not encrypted with the first key. It does nothing without keys.
   *
   * @param after the result of the previous call, or 0
   * @returns the last row of the page; undefined if it was the last page
   */
  encryptTexts(after: number): number | undefined;
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
 * Opens the feedback database in a folder. Creates the folder and the database if they do not exist, and moves the rows of
 * an older schema.
 *
 * @param now returns the time in milliseconds; old rows are deleted by it
 * @param cipher encrypts the texts; without it they are stored as they are
 * @throws if the files cannot be opened or written
 */
export function openFeedbackDatabase(
  folder: string,
  now: () => number = createCautiousClock(),
  cipher: TextCipher = createTextCipher([]),
): FeedbackDatabase {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, FEEDBACK_FILE);
  const inode = restrict(path);
  const open = () => new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  const db = open();
  // FULL: a commit is on the disk when it returns. With NORMAL in WAL mode, a power cut may lose the last commits.
  // secure_delete: the bytes of a deleted text are overwritten.
  retryWhileBusy(() => db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;'));
  prepareSchema(db);
  const experiments = openExperiments(open(), now);
  // SQLite writes the content of its files to the disk, but not their names in WAL mode.
  syncNames(folder);
  const queries = openLabelQueries(db);
  const changes = openFeedbackChanges(db, cipher);
  const select = db.prepare('SELECT actual, source, reported FROM feedback WHERE id = ?');
  const insert = db.prepare(`
    INSERT INTO feedback (id, model, version, predicted, actual, predicted_at, received_at, text, source, reported, role, bin,
        review_share, artefact, shadow, shadow_artefact, shadow_label)
      SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, version, artefact, label
        FROM (SELECT 1) LEFT JOIN shadow_labels ON predicted_at = ? AND key = ?`);
  const addText = db.prepare('UPDATE feedback SET text = ? WHERE id = ? AND text IS NULL');
  const addReport = db.prepare('UPDATE feedback SET reported = ? WHERE id = ? AND reported IS NULL');
  const replaceReport = db.prepare('UPDATE feedback SET actual = ?, source = ?, received_at = ? WHERE id = ?');
  const answerReview = db.prepare('DELETE FROM reviews WHERE predicted_at = ? AND id = ?');
  let reporterLock: ReturnType<typeof tryLock>;

  function store(feedback: Feedback): FeedbackOutcome {
    const { id, actual, source, predictedAt, receivedAt, text } = feedback;
    const isReport = source === 'report';
    if (!isReport) answerReview.run(predictedAt, id);
    const known = select.get(id);
    if (!known) {
      insert.run(...valuesOf(feedback, cipher), predictedAt, id.slice(-16));
      return 'recorded';
    }
    if (isReport) addReport.run(actual, id);
    // A label from a fair sample is worth more than a report, so it takes its place. The report itself is kept beside it.
    else if (known['source'] === 'report') {
      replaceReport.run(actual, source, receivedAt, id);
      if (text !== undefined) addText.run(cipher.seal(text, id), id);
      return 'recorded';
    }
    if (known['actual'] !== actual) return 'conflict';
    if (text !== undefined) addText.run(cipher.seal(text, id), id);
    return 'repeated';
  }

  return {
    isPresent: () => statSync(path, { throwIfNoEntry: false })?.ino === inode,
    record: (feedback) => inTransaction(db, () => feedback.map(store)),
    ...queries,
    ...changes,
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

function valuesOf(feedback: Feedback, cipher: TextCipher) {
  const { id, model, version, artefact, predicted, actual, predictedAt, receivedAt, text, source, role } = feedback;
  const reported = source === 'report' ? actual : null;
  const facts = [source, reported, role ?? '', binOf(feedback.confidence), feedback.reviewShare, artefact];
  const stored = text === undefined ? null : cipher.seal(text, id);
  return [id, model, version, predicted, actual, predictedAt, receivedAt, stored, ...facts];
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
