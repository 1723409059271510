import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from './problems.ts';

/** How long a change waits for those before it. Each takes some milliseconds; a holder that is stopped keeps the lock. */
const patienceMs = 10_000;

/** SQLite's codes for a file that cannot be opened or written. */
const notWritable = new Set([8, 14]);

/**
 * Works alone: nobody else holds the lock meanwhile, in this process or another. It is a lock of the operating system on
 * a file, taken through SQLite, and ends with its holder, however that ends. Waiting never holds up the event loop.
 *
 * @param path the lock file; made if it is not there
 * @throws {Problem} where the folder cannot be written, or the lock is not to be had in ten seconds
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = await take(path);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

async function take(path: string): Promise<Held> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(path);
    if (lock) return lock;
    if (performance.now() > deadline) {
      throw new Problem('overloaded', 'Another change of this model has not come to its end for ten seconds.', {
        'retry-after': '1',
      });
    }
    await delay(5 + Math.random() * 15);
  }
}

/** A lock that is held. */
export interface Held {
  close(): void;
}

/**
 * Takes the lock, as `withLock` does, where nobody holds it now.
 *
 * @returns undefined where somebody does
 * @throws {Problem} where the folder cannot be written
 */
export function tryLock(path: string): Held | undefined {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    const code = (error as { errcode?: number }).errcode;
    if (code !== undefined && notWritable.has(code & 0xff)) {
      throw new Problem(
        'models-read-only',
        "This process cannot write into the model's folder: roles can be changed only where it can.",
      );
    }
    if (code === undefined || (code & 0xff) !== 5) throw error;
    return undefined;
  }
}
