import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, realpath, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
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

/** File systems of one machine, whose locks all processes see. */
const LOCAL = new Set([
  'ext2',
  'ext3',
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'zfs',
  'tmpfs',
  'overlay',
  'jfs',
  'bcachefs',
  'vfat',
]);
/** Programs that show an object store or another machine as a folder. They do not send locks, so the kernel keeps them alone. */
const WITHOUT_LOCKS = /^fuse\.(?:sshfs|s3fs|gcsfuse|rclone|goofys|blobfuse2?|mount-s3|mountpoint-s3)$/;
/** The options of a mount with which the kernel keeps locks for itself: of nfs(5), mount.cifs(8) and Lustre. */
const LOCAL_OPTIONS = new Set(['nolock', 'local_lock=all', 'local_lock=posix', 'nobrl', 'localflock']);

/**
 * Returns the reason why locks in a folder do not keep out all processes that share it, or undefined if none is known. A
 * folder on a file system of this machine is not looked at further.
 *
 * @param mounts the content of `/proc/self/mountinfo`. Without it, as on other systems than Linux, nothing is known
 */
export async function findLockFault(folder: string, mounts?: string): Promise<string | undefined> {
  const text = mounts ?? (await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));
  const mount = mountOf(await realPathOf(resolve(folder)), text);
  if (!mount || LOCAL.has(mount.type)) return undefined;
  const option = mount.options.find((one) => LOCAL_OPTIONS.has(one));
  if (option !== undefined || WITHOUT_LOCKS.test(mount.type)) {
    const cause = option === undefined ? mount.type : `${mount.type}, ${option}`;
    return `${folder} is mounted (${cause}) so that locks keep out processes of this machine only; no other machine may write into it`;
  }
  return (await canLock(folder))
    ? undefined
    : `${folder} is on a file system (${mount.type}) that refuses locks; it cannot be written safely`;
}

/** Returns the real path of a folder, or of its nearest parent that exists. */
async function realPathOf(path: string): Promise<string> {
  let existing = path;
  while (!existsSync(existing) && existing !== dirname(existing)) existing = dirname(existing);
  return realpath(existing);
}

/** Finds the mount of a path. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html has the format. */
function mountOf(path: string, mounts: string): { readonly type: string; readonly options: string[] } | undefined {
  let found: { point: string; type: string; options: string[] } | undefined;
  for (const line of mounts.split('\n')) {
    const [first, second] = line.split(' - ').map((part) => part.split(' '));
    const [point, options] = [
      first?.[4]?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8))),
      first?.[5],
    ];
    const [type, , superOptions] = second ?? [];
    if (point === undefined || type === undefined) continue;
    const isInside = point === '/' || path === point || path.startsWith(`${point}/`);
    // A later mount hides an earlier one on the same point.
    if (!isInside || point.length < (found?.point.length ?? 0)) continue;
    found = { point, type, options: `${options},${superOptions}`.split(',') };
  }
  return found;
}

/** Returns whether a file in a folder can be locked. Without a file, because the folder cannot be written, no lock is needed. */
async function canLock(folder: string): Promise<boolean> {
  const path = join(folder, `.lock-check-${randomUUID()}`);
  try {
    // Nobody else has this file: it is free, unless the file system has no locks. SQLite then says that it is busy.
    const lock = tryLock(path, 'the check of locks');
    lock?.close();
    return lock !== undefined;
  } catch (error) {
    return error instanceof LockNotWritableError || (error as NodeJS.ErrnoException).code === 'ENOSPC';
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}
