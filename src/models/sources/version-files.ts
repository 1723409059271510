import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { atomicWriteFolder } from '../../platform/atomic-write.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { SAFE_NAME } from '../../platform/safe-names.ts';
import type { StoredFiles, VersionFile } from '../../postgres/version-store.ts';
import { digestOfBytes, listFiles } from '../../signing/folder-files.ts';

/** The maximum size of all files of a version in a database. PostgreSQL could store more, and each replica would wait for it. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Files that cannot be those of a version. The message completes "the version cannot be used: ". */
export class VersionFilesError extends Error {
  override name = 'VersionFilesError';
}

/**
 * Reads the files in the folder of a version.
 *
 * @throws {VersionFilesError} if a database cannot store them
 * @throws {Error} if they cannot be read
 */
export async function readVersionFiles(folder: string): Promise<StoredFiles> {
  const files: VersionFile[] = [];
  let bytes = 0;
  for (const path of await listFiles(folder)) {
    requireSafe(path);
    const content = await readRegularFile(join(folder, path), MAX_BYTES);
    bytes += content.length;
    if (bytes > MAX_BYTES) throw new VersionFilesError(`it has more than ${MAX_BYTES} bytes, too many for a database`);
    files.push({ path, content, sha256: await digestOfBytes(content) });
  }
  return asStored(files);
}

/** Returns files with their digest. */
export function asStored(files: readonly VersionFile[]): StoredFiles {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).sort();
  return { digest: createHash('sha256').update(lines.join('')).digest('hex'), files };
}

/** Returns a file with the digest of its content. */
export async function versionFile(path: string, content: string | Uint8Array): Promise<VersionFile> {
  const bytes = Buffer.from(content);
  return { path, content: bytes, sha256: await digestOfBytes(bytes) };
}

/**
 * Checks files that were read from a database: each one, and that none is missing.
 *
 * @throws {VersionFilesError} if they are not those that were stored
 */
export async function checkStoredFiles({ digest, files }: StoredFiles): Promise<void> {
  for (const { path, sha256, content } of files) {
    requireSafe(path);
    if ((await digestOfBytes(content)) === sha256) continue;
    throw new VersionFilesError(`${path} is damaged in the database: its sha256 is not the one that was stored`);
  }
  if (asStored(files).digest !== digest) {
    throw new VersionFilesError('it is damaged in the database: its files are not those that were stored');
  }
}

/**
 * Writes the folder of a version. A folder that is there already becomes `.VERSION.replaced` beside it, in the place of an
 * older one.
 *
 * @throws the error of the file system; the present folder stays then
 */
export async function writeVersionFiles(folder: string, files: readonly VersionFile[]): Promise<void> {
  const replaced = join(dirname(folder), `.${basename(folder)}.replaced`);
  await atomicWriteFolder(folder, async (draft) => {
    for (const { path, content } of files) {
      await mkdir(dirname(join(draft, path)), { recursive: true });
      await writeFile(join(draft, path), content, { flush: true });
    }
    await moveFolder(folder, replaced);
  });
}

/** Deletes the folder of a version. It leaves its name first, so that nobody finds a part of it. */
export async function deleteVersionFiles(folder: string): Promise<void> {
  const deleted = join(dirname(folder), `.${basename(folder)}.deleted`);
  await moveFolder(folder, deleted);
  await rm(deleted, { recursive: true, force: true });
}

async function moveFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await rename(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** @throws {VersionFilesError} if a path could lead out of the folder */
function requireSafe(path: string): void {
  if (path.split('/').every((name) => SAFE_NAME.test(name))) return;
  throw new VersionFilesError(`the name of its file ${JSON.stringify(path)} is not one that a database may hold`);
}
