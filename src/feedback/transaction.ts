import type { DatabaseSync } from 'node:sqlite';

/** Writes all of it or, where the work throws, nothing. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // Some errors, a full disk among them, have ended it already.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
