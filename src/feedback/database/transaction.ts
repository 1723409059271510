import type { DatabaseSync } from 'node:sqlite';

/**
 * Runs writes in one transaction and returns their result.
 *
 * @throws any error of the writes or of SQLite, after a rollback
 */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // Some errors, such as a full disk, have already ended the transaction.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
