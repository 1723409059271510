import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FEEDBACK_FILE } from './feedback-database.ts';

/** How long to wait where the file is being recovered. */
const BUSY_TIMEOUT_MS = 5_000;

/** Rows of one look at the file: between two of them, a service that writes to it can tidy up its log. */
const PAGE_ROWS = 500;

/** One feedback that came with its text. */
export interface FeedbackText {
  /** Where it is kept; later feedback has a higher number. */
  readonly row: number;
  readonly text: string;
  /** The true one. */
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** The texts that came with feedback. Only reads, so that a service may be running on the same folder. */
export interface FeedbackTexts {
  /** The feedback of a model, whatever its version, in the order that it came in. */
  of(model: string): Generator<FeedbackText>;
  close(): void;
}

/**
 * Opens the feedback that is kept in a folder, for reading.
 *
 * @throws where there is none
 */
export function openFeedbackTexts(folder: string): FeedbackTexts {
  const db = new DatabaseSync(join(folder, FEEDBACK_FILE), { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  // By row: the index leads to a version's rows in the order of their times, and each page would sort them again.
  const page = db.prepare(
    `SELECT rowid AS row, text, actual, received_at FROM feedback NOT INDEXED
     WHERE model = ? AND text IS NOT NULL AND rowid > ? ORDER BY rowid LIMIT ${PAGE_ROWS}`,
  );
  return {
    *of(model) {
      let last = 0;
      let found = PAGE_ROWS;
      while (found === PAGE_ROWS) {
        found = 0;
        for (const row of page.iterate(model, last)) {
          found += 1;
          last = Number(row['row']);
          const { text, actual, received_at: receivedAt } = row;
          yield { row: last, text: String(text), label: String(actual), receivedAt: Number(receivedAt) };
        }
      }
    },
    close: () => db.close(),
  };
}
