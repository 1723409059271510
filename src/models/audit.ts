import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../platform/atomic-write.ts';
import { parseChange, type RecordedChange } from './roles.ts';

/** The audit trail of a model, in its folder: one row of JSON a change. */
const fileName = 'audit.jsonl';

/** As much of the end of the file as is read: some hundreds of rows. */
const tailBytes = 131_072;

/**
 * Adds a change to the audit trail of a model's folder, under the model's lock, and resolves when it is on the disk. The
 * row of a writer that died within it is taken away first: its change is still in `roles.json`, and is added whole.
 *
 * @param isThere whether the rows (latest first) have this change already
 * @returns whether it was added
 */
export async function appendChange(
  folder: string,
  change: RecordedChange,
  isThere: (rows: readonly RecordedChange[]) => boolean = (rows) => latestRevision(rows) >= change.revision,
): Promise<boolean> {
  const path = join(folder, fileName);
  const file = await open(path, 'a+');
  try {
    const { rows, size, whole } = await readTail(file);
    if (whole < size) await file.truncate(whole);
    if (isThere(rows)) return false;
    await file.appendFile(`${JSON.stringify(change)}\n`);
    await file.sync();
    if (size === 0) await syncFolder(folder);
    return true;
  } finally {
    await file.close();
  }
}

/** As `appendChange`, for a change that nobody wrote down: every process that sees it would add it, and one does. */
export function appendDetectedChange(folder: string, change: RecordedChange): Promise<boolean> {
  return appendChange(folder, change, (rows) => {
    const last =
      change.action === 'activate' ? lastActivation(rows) : rows.find(({ action }) => action === change.action);
    return last !== undefined && last.to === change.to && last.share === change.share;
  });
}

/** The last changes in the audit trail of a model's folder, latest first. */
export async function readChanges(folder: string): Promise<RecordedChange[]> {
  const path = join(folder, fileName);
  const exists = await stat(path).catch(() => undefined);
  if (!exists) return [];
  const file = await open(path, 'r');
  try {
    return (await readTail(file)).rows;
  } finally {
    await file.close();
  }
}

/** The highest revision among rows. */
export function latestRevision(rows: readonly RecordedChange[]): number {
  return rows.reduce((highest, { revision }) => Math.max(highest, revision), 0);
}

/** The last row that made a version active. */
export function lastActivation(rows: readonly RecordedChange[]): RecordedChange | undefined {
  return rows.find(({ action }) => action === 'activate' || action === 'rollback');
}

/** The rows at the end of the file, latest first, and how many bytes of it are whole rows. */
async function readTail(file: FileHandle): Promise<{ rows: RecordedChange[]; size: number; whole: number }> {
  const { size } = await file.stat();
  const from = Math.max(0, size - tailBytes);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
  const bytes = buffer.subarray(0, bytesRead);
  const end = bytes.lastIndexOf('\n') + 1;
  const rows = bytes
    .toString('utf8', 0, end)
    .split('\n')
    .map(parseChange)
    .filter((row) => row !== undefined)
    .reverse();
  return { rows, size, whole: from + end };
}
