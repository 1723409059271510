import { resolve, sep } from 'node:path';

/** The folders that the service writes, by the names of their settings. */
export type StorageFolders = Readonly<Record<'DATA_DIR' | 'MODELS_DIR', string>>;

/** An error of the file system, or of a lock. */
interface StorageError {
  readonly code: string;
  readonly path?: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  EROFS: 'it is on a read-only file system',
  EACCES: 'this process may not write there',
  EPERM: 'this process may not write there',
  EIO: 'its disk reports errors',
  EMFILE: 'this process has too many open files',
  ENFILE: 'the system has too many open files',
};

/** Returns whether an error is one of the file system, and not a defect. */
function isStorageError(error: unknown): error is StorageError {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return false;
  return error.code in REASONS || 'path' in error;
}

/**
 * Describes an error of the file system for a client or an operator: the setting of the folder, and the reason. Returns
 * undefined for other errors. Paths are left out.
 */
export function describeStorageError(error: unknown, folders: StorageFolders): string | undefined {
  if (!isStorageError(error)) return undefined;
  const { code, path } = error;
  const reason = REASONS[code] ?? 'a file or folder in it is not as it should be';
  return `${folderOf(path, folders) ?? 'A folder of the service'} cannot be used: ${reason} (${code}).`;
}

/** The errors of a disk, or of a quota, without space. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);

/** Describes an error of the file system during the start, for an operator: as for a client, with the path and what to do. */
export function describeUnusableFolder(error: unknown, folders: StorageFolders): string | undefined {
  const fault = describeStorageError(error, folders);
  if (fault === undefined) return undefined;
  const { code, path } = error as StorageError;
  const place = path === undefined ? '' : ` ${JSON.stringify(path)}`;
  const remedy = FULL.has(code)
    ? 'free some space, or choose a folder on another disk'
    : 'allowed: a folder that this process can write';
  return `${fault.slice(0, -1)}:${place}; ${remedy}`;
}

function folderOf(path: string | undefined, folders: StorageFolders): string | undefined {
  if (path === undefined) return undefined;
  const inside = (folder: string) => `${resolve(path)}${sep}`.startsWith(`${resolve(folder)}${sep}`);
  // One folder can be within the other one.
  const [nearest] = (['DATA_DIR', 'MODELS_DIR'] as const)
    .filter((name) => inside(folders[name]))
    .sort((a, b) => resolve(folders[b]).length - resolve(folders[a]).length);
  return nearest;
}
