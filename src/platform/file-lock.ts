import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problems.ts';

/** The longest wait for a lock, in milliseconds. A holder usually needs some milliseconds, and a suspended one keeps it. */
const MAX_WAIT_MS = 10_000;

/** The codes of SQLite that this module handles: https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;

/** The codes of the operating system for other codes of SQLite that are faults of the disk or the lock file. */
const FAULTS: ReadonlyMap<number, string> = new Map([
  [10, 'EIO'],
  [11, 'EINVAL'],
  [13, 'ENOSPC'],
  [26, 'EINVAL'],
]);

/** A lock that this process holds. */
export interface Lock {
  /** Releases the lock. */
  close(): void;
}

/** The lock file cannot be opened or written. It has the fields of an error of the file system. */
export class LockNotWritableError extends Error {
  override name = 'LockNotWritableError';
  readonly path: string;
  readonly code: string;

  constructor(message: string, path: string, options: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.code = 'EACCES';
  }
}

/**
 * Does some work while no other holder has the lock, in this process or another one. The lock is one of the operating
 * system on a file, taken through SQLite. It ends with the process that holds it, also after `kill -9`. Waiting does not
 * block the event loop.
 *
 * @param path the lock file, which is created if necessary
 * @param purpose the name of the protected resource, for error messages: "the roles of the model spam"
 * @throws {LockNotWritableError} if the lock file cannot be written
 * @throws {Problem} `overloaded` if the lock is not free within ten seconds
 */
export async function withLock<T>(path: string, purpose: string, work: () => Promise<T>): Promise<T> {
  const lock = await waitForLock(path, purpose);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function waitForLock(path: string, purpose: string): Promise<Lock> {
  const deadline = performance.now() + MAX_WAIT_MS;
  for (;;) {
    const lock = tryLock(path, purpose);
    if (lock) return lock;
    if (performance.now() > deadline) {
      const seconds = MAX_WAIT_MS / 1_000;
      throw new Problem('overloaded', `The lock of ${purpose} was not free within ${seconds} seconds.`, {
        'retry-after': '1',
      });
    }
    await delay(5 + Math.random() * 15);
  }
}

/**
 * Takes a lock as `withLock` does, without waiting.
 *
 * @returns the lock, or `undefined` if there is another holder
 * @throws {LockNotWritableError} if the lock file cannot be written
 * @throws {Error} with the fields of an error of the file system, if the disk is full or the lock file is damaged
 */
export function tryLock(path: string, purpose: string): Lock | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const { errcode } = error as { errcode?: number };
    // The low byte is the primary result code, without its extension.
    const code = errcode === undefined ? undefined : errcode & 0xff;
    if (code === SQLITE_BUSY) return undefined;
    const fault = code === undefined ? undefined : FAULTS.get(code);
    if (fault !== undefined) {
      throw Object.assign(new Error(`${path} cannot be locked: ${(error as Error).message}`, { cause: error }), {
        code: fault,
        path,
      });
    }
    if (code !== SQLITE_READONLY && code !== SQLITE_CANTOPEN) throw error;
    throw new LockNotWritableError(`This process cannot write the lock of ${purpose}, ${path}.`, path, {
      cause: error,
    });
  }
}
