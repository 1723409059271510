import { createHash } from 'node:crypto';
import type { Database } from './database.ts';
import { NAMED_LOCKS } from './locks.ts';
import { type SessionLock, SHORT_QUERY_MS } from './session.ts';

/** Documents and locks that all replicas share. */
export interface SharedState {
  /** Returns the content of a document, or undefined if there is none. */
  readDocument(name: string): Promise<string | undefined>;
  /** Returns the contents of all documents whose names begin with a prefix, by their names. */
  readDocuments(prefix: string): Promise<Map<string, string>>;
  /** Writes a document without a lock: it has one writer at a time. */
  putDocument(name: string, content: string): Promise<void>;
  /** Deletes a document, if there is one. */
  deleteDocument(name: string): Promise<void>;
  /** Takes a lock, and returns its number; undefined if another process has it. It ends with this process. */
  acquire(lock: string): Promise<number | undefined>;
  /** Writes a document while this process holds a lock. Rejects if the lock is lost: another process may have it. */
  writeDocument(held: number, name: string, content: string): Promise<void>;
  release(held: number): Promise<void>;
  /**
   * Replaces a document if its revision is lower than the new one, and keeps the change. So of two changes of one revision
   * only the first takes effect.
   *
   * @returns whether the document was replaced
   */
  replaceDocument(name: string, revision: number, content: string, change: string): Promise<boolean>;
  /** Returns the changes of a document after a revision, oldest first. */
  changesAfter(name: string, revision: number): Promise<string[]>;
}

const WRITE = `
  INSERT INTO documents (name, content, written_at) VALUES ($1, $2, now())
  ON CONFLICT (name) DO UPDATE SET content = EXCLUDED.content, written_at = EXCLUDED.written_at`;

const REPLACE = `
  WITH replaced AS (
    INSERT INTO documents (name, revision, content, written_at) VALUES ($1, $2, $3, now())
      ON CONFLICT (name) DO UPDATE
        SET revision = EXCLUDED.revision, content = EXCLUDED.content, written_at = EXCLUDED.written_at
        WHERE documents.revision < EXCLUDED.revision
      RETURNING name, revision
  )
  INSERT INTO document_changes (name, revision, change) SELECT name, revision, $4 FROM replaced
    ON CONFLICT DO NOTHING RETURNING revision`;
/** More changes than a replica misses. */
const MAX_CHANGES = 1_000;
const SELECT_CHANGES = `
  SELECT change FROM (
    SELECT revision, change FROM document_changes WHERE name = $1 AND revision > $2 ORDER BY revision DESC LIMIT ${MAX_CHANGES}
  ) AS latest ORDER BY revision`;

/** Returns the shared state in a database. Each held lock has a connection of its own. */
export function createSharedState(database: Database): SharedState {
  const locks = new Map<number, SessionLock>();
  let lastNumber = 0;

  return {
    async readDocument(name) {
      const rows = await database.query('SELECT content FROM documents WHERE name = $1', [name], SHORT_QUERY_MS);
      return rows[0] && String(rows[0]['content']);
    },
    async readDocuments(prefix) {
      const sql = 'SELECT name, content FROM documents WHERE starts_with(name, $1)';
      const rows = await database.query(sql, [prefix], SHORT_QUERY_MS);
      return new Map(rows.map(({ name, content }) => [String(name), String(content)]));
    },
    async putDocument(name, content) {
      await database.query(WRITE, [name, content], SHORT_QUERY_MS);
    },
    async deleteDocument(name) {
      await database.query('DELETE FROM documents WHERE name = $1', [name], SHORT_QUERY_MS);
    },
    async acquire(name) {
      const lock = await database.tryLock(NAMED_LOCKS + numberOf(name));
      if (!lock) return undefined;
      lastNumber += 1;
      locks.set(lastNumber, lock);
      return lastNumber;
    },
    async writeDocument(held, name, content) {
      const lock = locks.get(held);
      if (!lock) throw new Error('the lock is not held');
      await lock.query(WRITE, [name, content]);
    },
    async release(held) {
      locks.get(held)?.release();
      locks.delete(held);
    },
    async replaceDocument(name, revision, content, change) {
      return (await database.query(REPLACE, [name, revision, content, change], SHORT_QUERY_MS)).length > 0;
    },
    async changesAfter(name, revision) {
      const rows = await database.query(SELECT_CHANGES, [name, revision], SHORT_QUERY_MS);
      return rows.map(({ change }) => String(change));
    },
  };
}

/** Returns a number of 30 bits for the name of a lock. Two names with one number would only wait for each other. */
function numberOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE() >>> 2;
}
