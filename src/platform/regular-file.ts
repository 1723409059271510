import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** The longest wait in milliseconds for a file. A network file system can hang without an end. */
const TIMEOUT_MS = 10_000;

/** The paths whose last read has not ended. Each one holds a thread of Node, and there are four. */
const hanging = new Set<string>();

/** A file that did not respond in time. Its content can be intact. */
export class FileTimeoutError extends Error {
  override name = 'FileTimeoutError';
}

/**
 * Reads a whole regular file. Its kind and its size are checked first: a FIFO would hang, and `/dev/zero` has no end.
 * Links are followed.
 *
 * @param maxBytes the maximum size
 * @throws {Error} if the file is of another kind, is too large, or does not respond within ten seconds; else the error of
 *   the file system
 */
export async function readRegularFile(path: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  return withDeadline(path, async () => {
    const file = await openRegularFile(path);
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw new Error(`it has ${size} bytes, more than the maximum of ${maxBytes}`);
      const bytes = Buffer.from(new ArrayBuffer(size));
      let length = 0;
      while (length < size) {
        const { bytesRead } = await file.read(bytes, length, size - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return bytes.subarray(0, length);
    } finally {
      await file.close();
    }
  });
}

/**
 * Opens a regular file for reading, and with `flags` also for writing. It does not wait for a writer, as an open FIFO
 * would.
 *
 * @throws {Error} if the file is of another kind; else the error of the file system
 */
export async function openRegularFile(path: string, flags = constants.O_RDONLY): Promise<FileHandle> {
  // To open a device can have an effect, so its kind is checked before.
  const exists = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || (flags & constants.O_CREAT) === 0) throw error;
  });
  if (exists && !exists.isFile()) throw new Error('it is not a regular file');
  const file = await open(path, flags | constants.O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('it is not a regular file');
}

/**
 * Waits for work on a path, ten seconds at most. While the work on a path hangs, further work on it fails at once.
 *
 * @throws {Error} if the time is over; else the error of the work
 */
export async function withDeadline<T>(path: string, work: () => Promise<T>, timeoutMs = TIMEOUT_MS): Promise<T> {
  if (hanging.has(path)) throw new FileTimeoutError(`${path} has not responded since an earlier attempt`);
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    hanging.add(path);
    reject(new FileTimeoutError(`${path} did not respond within ${timeoutMs / 1_000} seconds`));
  }, timeoutMs);
  const result = work();
  result.then(
    () => hanging.delete(path),
    () => hanging.delete(path),
  );
  try {
    return await Promise.race([result, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Returns a value that changes when the file at a path changes, also if a link on the way to it is replaced, or
 * `undefined` without a file.
 */
export async function fileVersion(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
}

/** The time in milliseconds between two looks at files that are followed. */
const POLL_MS = 1_000;

/**
 * Follows files: looks at them once a second, for the first time at once.
 *
 * @param versions the results of `fileVersion` before the files were read; undefined if the first look must apply them
 * @param onChange is called after each change. It handles its errors.
 * @returns a function that ends it
 */
export function followFiles(
  paths: readonly string[],
  versions: readonly (string | undefined)[] | undefined,
  onChange: () => Promise<void>,
): () => void {
  let known = versions?.join('|');
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async () => {
    const present = (await Promise.all(paths.map(fileVersion))).join('|');
    if (present === known) return;
    known = present;
    await onChange();
  };
  const poll = () => {
    if (!isStopped) timer = setTimeout(() => void look().finally(poll), POLL_MS).unref();
  };
  void look().finally(poll);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
