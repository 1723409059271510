import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FEEDBACK_FILE } from './feedback.ts';
import { readTextCipher } from './text-cipher.ts';

/** The longest wait while another process recovers the file. */
const BUSY_TIMEOUT_MS = 5_000;

/** The number of rows per query. Between two queries, a service that writes to the file can run a checkpoint. */
const PAGE_ROWS = 500;

/** One feedback that came with its text. */
export interface FeedbackText {
  /** The row number. Later feedback has a higher number. */
  readonly row: number;
  readonly text: string;
  /** The true label. */
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** The texts that came with feedback. Access is read-only, so a service may run on the same folder. */
export interface FeedbackTexts {
  /** Yields the feedback on all versions of a model in the order of arrival. */
  of(model: string): Generator<FeedbackText>;
  close(): void;
}

/**
 * Opens the feedback in a folder for reading.
 *
 * @param keyFile the file with the keys of encrypted texts
 * @throws if the folder has no feedback file
 * @throws {FeedbackKeyError} if the keys cannot be used; while reading, if no key decrypts a text
 */
export function openFeedbackTexts(folder: string, keyFile?: string): FeedbackTexts {
  const cipher = readTextCipher(keyFile);
  const db = new DatabaseSync(join(folder, FEEDBACK_FILE), { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  // NOT INDEXED: the index is in the order of reception times, so each page would sort all rows again.
  const page = db.prepare(
    `SELECT rowid AS row, id, text, actual, received_at FROM feedback NOT INDEXED
     WHERE model = ? AND text IS NOT NULL AND rowid > ? ORDER BY rowid LIMIT ${PAGE_ROWS}`,
  );
  return {
    *of(model) {
      let lastRow = 0;
      let pageRows = PAGE_ROWS;
      while (pageRows === PAGE_ROWS) {
        pageRows = 0;
        for (const row of page.iterate(model, lastRow)) {
          pageRows += 1;
          lastRow = Number(row['row']);
          const { actual, received_at: receivedAt } = row;
          const text = cipher.open(String(row['text']), String(row['id']));
          yield { row: lastRow, text, label: String(actual), receivedAt: Number(receivedAt) };
        }
      }
    },
    close: () => db.close(),
  };
}
