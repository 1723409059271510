import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openRegularFile } from '../platform/regular-file.ts';
import { SIGNATURE_FILE, SignatureError } from './bundle.ts';
import { MAX_FILES } from './statement.ts';

/** The maximum number of folders that contain each other in the folder of a version. */
const MAX_DEPTH = 8;

/**
 * Lists the files in the folder of a version, in all its folders, as paths with `/`. Links to files count as files.
 *
 * @throws {SignatureError} if there is anything else than files and folders, or too much
 */
export async function listFiles(folder: string): Promise<string[]> {
  const files: string[] = [];
  async function list(parent: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) throw new SignatureError(`it has more than ${MAX_DEPTH} folders in one another`);
    for (const entry of await readdir(join(folder, parent), { withFileTypes: true })) {
      const path = parent === '' ? entry.name : `${parent}/${entry.name}`;
      if (entry.isDirectory()) await list(path, depth + 1);
      else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(join(folder, path))))) files.push(path);
      else throw new SignatureError(`${JSON.stringify(path)} is neither a file nor a folder`);
      if (files.length > MAX_FILES) throw new SignatureError(`it has more than ${MAX_FILES} files`);
    }
  }
  await list('', 0);
  return files;
}

/** Lists the files that a signature covers: all but the signature itself, and but the files below ignored paths. */
export async function listSignedFiles(folder: string, ignoredPaths: readonly string[]): Promise<string[]> {
  const ignored = [SIGNATURE_FILE, ...ignoredPaths.map((path) => path.replace(/\/+$/, ''))];
  const isIgnored = (file: string) => ignored.some((path) => file === path || file.startsWith(`${path}/`));
  return (await listFiles(folder)).filter((file) => !isIgnored(file));
}

/** The number of bytes that are digested before other work gets a turn: a fraction of a millisecond. */
const DIGEST_CHUNK_BYTES = 65_536;

/** Returns the SHA-256 of a file in hexadecimal. The file is read in chunks into one small buffer. */
export async function digestOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafeSlow(DIGEST_CHUNK_BYTES);
  const file = await openRegularFile(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** Returns the SHA-256 of bytes in hexadecimal, computed outside the event loop. */
export async function digestOfBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

/** Returns a text that changes when a file in a folder is changed, added or removed. */
export async function fingerprintOfFolder(folder: string): Promise<string> {
  try {
    const files = (await listFiles(folder)).sort();
    const states = files.map(async (file) => {
      const { ino, size, ctimeMs } = await stat(join(folder, file));
      return `${file} ${ino} ${size} ${ctimeMs}`;
    });
    return (await Promise.all(states)).join();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}

/** Returns whether a path is a file, or a link to one. */
export function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
