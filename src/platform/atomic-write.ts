import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** Options of `atomicWrite`. */
export interface AtomicWriteOptions {
  /**
   * The path of the draft, in the same folder as the file. The default is a random name. A fixed name leaves at most one
   * draft behind after crashes, and needs a lock: two writers must not share a draft.
   */
  readonly draft?: string;
  /** The permissions of the file, such as `0o600`. The default is that of Node. */
  readonly mode?: number;
  /** Keeps a file that exists already. The default is to replace it. */
  readonly ifAbsent?: boolean;
  /**
   * Receives the error if the file was replaced and its folder cannot be written to the disk: the new content is in effect,
   * and a crash of the machine may lose it. Without it, this error is thrown.
   */
  readonly onUnsynced?: (error: unknown) => void;
}

/**
 * Writes a file atomically: readers find the old content or the new one, never a part of it. Once the promise resolves,
 * the new content survives a crash of the machine. The folder must exist.
 *
 * @returns false if `ifAbsent` is set and there is a file already
 * @throws the error of the file system; the draft is removed then
 */
export async function atomicWrite(
  file: string,
  content: string | Uint8Array,
  { draft, mode, ifAbsent = false, onUnsynced }: AtomicWriteOptions = {},
): Promise<boolean> {
  const unfinished = draft ?? `${file}.${randomSuffix()}`;
  try {
    await writeFile(unfinished, content, { flush: true, ...(mode !== undefined && { mode }) });
    await changeFolder(
      dirname(file),
      // Unlike a rename, a link fails if the file exists: of two processes that write at once, one wins.
      () => (ifAbsent ? link(unfinished, file) : rename(unfinished, file)),
      async (error) => {
        if (ifAbsent) await rm(file, { force: true });
        if (ifAbsent || !onUnsynced) throw error;
        onUnsynced(error);
      },
    );
    return true;
  } catch (error) {
    if (ifAbsent && (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // The error of a write, unlike that of other calls, does not name its file.
    throw Object.assign(error as NodeJS.ErrnoException, { path: file });
  } finally {
    // A draft that cannot be removed does no harm, and must not hide the first error.
    await rm(unfinished, { force: true }).catch(() => {});
  }
}

/**
 * Changes the names in a folder, and writes these names to the disk. The folder is opened before the change, so that a
 * folder that cannot be opened fails without an effect.
 *
 * @param change renames or links a file
 * @param onUnsynced receives the error if the change was made and its names cannot be written: it undoes the change and
 *   throws, or accepts it
 */
export async function changeFolder(
  folder: string,
  change: () => Promise<void>,
  onUnsynced: (error: unknown) => Promise<void>,
): Promise<void> {
  const handle = await openFolder(folder);
  try {
    await change();
    await syncNames(handle).catch(onUnsynced);
  } finally {
    await handle?.close();
  }
}

/**
 * Writes a folder atomically, as `atomicWrite` writes a file. Missing parents are created.
 *
 * @param fill writes files into the draft folder, and flushes them
 * @throws the error of the file system, also if the folder exists and is not empty; the draft is removed then
 */
export async function atomicWriteFolder(folder: string, fill: (draft: string) => Promise<void>): Promise<void> {
  const parent = dirname(folder);
  const firstCreated = await mkdir(parent, { recursive: true });
  const draft = join(parent, `.${basename(folder)}.${randomSuffix()}`);
  try {
    await mkdir(draft);
    await fill(draft);
    await syncFolder(draft);
    await changeFolder(
      parent,
      () => rename(draft, folder),
      async (error) => {
        await rename(folder, draft);
        throw error;
      },
    );
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // The error of a write, unlike that of other calls, does not name its file.
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== undefined && path === undefined) Object.assign(error as NodeJS.ErrnoException, { path: folder });
    throw error;
  }
  if (firstCreated !== undefined) await syncFolder(dirname(firstCreated));
}

/**
 * Creates a folder that its owner alone can read, with its parents. It survives a crash of the machine once the promise
 * resolves. A folder that exists keeps its permissions.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  const firstCreated = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (firstCreated === undefined) return;
  const top = dirname(resolve(firstCreated));
  for (let created = dirname(resolve(folder)); created.length >= top.length; created = dirname(created)) {
    await syncFolder(created);
    if (created === dirname(created)) break;
  }
}

function randomSuffix(): string {
  return `${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Writes the names in a folder to the disk. A rename survives a crash of the machine only after this: `fsync` of the file
 * covers its content alone.
 */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await openFolder(folder);
  try {
    await syncNames(handle);
  } finally {
    await handle?.close();
  }
}

async function openFolder(folder: string): Promise<FileHandle | undefined> {
  // Windows cannot open a folder.
  return process.platform === 'win32' ? undefined : open(folder, 'r');
}

async function syncNames(handle: FileHandle | undefined): Promise<void> {
  await handle?.sync().catch((error: NodeJS.ErrnoException) => {
    // Some network file systems write names at once, and cannot be asked to.
    if (error.code !== 'EINVAL' && error.code !== 'ENOTSUP') throw error;
  });
}
