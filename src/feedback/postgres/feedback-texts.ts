import { FeedbackStoreError } from '../../platform/problems.ts';
import type { DatabaseAddress } from '../../postgres/address.ts';
import { openDatabase } from '../../postgres/database.ts';
import type { FeedbackText } from '../database/feedback-texts.ts';
import { readTextCipher } from '../database/text-cipher.ts';

const PAGE_ROWS = 500;
const SELECT_PAGE = `
  SELECT sequence, id, text, actual, received_at FROM feedback
  WHERE model = $1 AND text IS NOT NULL AND sequence > $2 ORDER BY sequence LIMIT ${PAGE_ROWS}`;

/** The texts that came with feedback, in a database. */
export interface PostgresTexts {
  /** Yields the feedback on all versions of a model in the order of arrival. @throws {FeedbackStoreError} if the database is away */
  of(model: string): AsyncGenerator<FeedbackText>;
  close(): Promise<void>;
}

/**
 * Opens the feedback in a database for reading.
 *
 * @param keyFile the file with the keys of encrypted texts.
 * @throws {AddressError} if the address cannot be used
 * @throws {FeedbackKeyError} if the keys cannot be used; while reading, if no key decrypts a text
 */
export function openPostgresTexts(address: DatabaseAddress, keyFile?: string): PostgresTexts {
  const cipher = readTextCipher(keyFile);
  const database = openDatabase(address, () => {});
  return {
    async *of(model) {
      let lastRow = 0;
      for (let pageRows = PAGE_ROWS; pageRows === PAGE_ROWS; ) {
        const rows = await database.query(SELECT_PAGE, [model, lastRow]).catch((error: Error) => {
          throw new FeedbackStoreError(error.message, { cause: error });
        });
        pageRows = rows.length;
        for (const { sequence, id, text, actual, received_at: receivedAt } of rows) {
          lastRow = Number(sequence);
          const opened = cipher.open(String(text), String(id));
          yield { row: lastRow, text: opened, label: String(actual), receivedAt: Number(receivedAt) };
        }
      }
    },
    close: () => database.close(),
  };
}
