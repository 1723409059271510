import { DatabaseSync } from 'node:sqlite';

/** SQLite's code for a file that somebody else has locked. */
const BUSY = 5;

/** A lock that is held. */
export interface Held {
  release(): void;
}

/**
 * Takes a lock where nobody holds it, in this process or another. It is a lock of the operating system on a file, taken
 * through SQLite: it ends with its holder, however that ends.
 *
 * @param path the lock file; made if it is not there
 * @returns undefined where somebody holds it
 */
export function tryLock(path: string): Held | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    const held = lock;
    return { release: () => held.close() };
  } catch (error) {
    lock?.close();
    if (((error as { errcode?: number }).errcode ?? 0) % 256 === BUSY) return undefined;
    throw error;
  }
}
