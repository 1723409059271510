import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../platform/atomic-write.ts';
import { parseChange, type RecordedChange, withFormerNames } from './roles.ts';

/** The file name of the audit trail in a model's folder. The file has one row of JSON per change. */
const FILE_NAME = 'audit.jsonl';

/** The number of bytes that are read from the end of the file: some hundreds of rows. */
const TAIL_BYTES = 131_072;

/**
 * Appends a change to the audit trail of a model's folder, and resolves when it is on the disk. The caller must hold the
 * lock of the model. An incomplete last row, left by a writer that died, is removed first. Its change is still in
 * `roles.json`, and is appended again from there.
 *
 * @param isRecorded returns whether the existing rows (latest first) contain the change already
 * @returns whether the change was appended
 */
export async function appendChange(
  folder: string,
  change: RecordedChange,
  isRecorded: (rows: readonly RecordedChange[]) => boolean = (rows) => latestRevision(rows) >= change.revision,
): Promise<boolean> {
  const path = join(folder, FILE_NAME);
  const file = await open(path, 'a+');
  try {
    const { rows, size, wholeBytes } = await readTail(file);
    if (wholeBytes < size) await file.truncate(wholeBytes);
    if (isRecorded(rows)) return false;
    await file.appendFile(`${JSON.stringify(withFormerNames(change))}\n`);
    await file.sync();
    if (size === 0) await syncFolder(folder);
    return true;
  } finally {
    await file.close();
  }
}

/**
 * Appends a change that has no revision, as `appendChange` does. Every process that detects the change tries to append
 * it, and one succeeds.
 */
export function appendDetectedChange(folder: string, change: RecordedChange): Promise<boolean> {
  return appendChange(folder, change, (rows) => {
    const last =
      change.action === 'activate' ? lastActivation(rows) : rows.find(({ action }) => action === change.action);
    return last !== undefined && last.to === change.to && last.share === change.share;
  });
}

/** Reads the last changes from the audit trail of a model's folder, latest first. */
export async function readChanges(folder: string): Promise<RecordedChange[]> {
  const path = join(folder, FILE_NAME);
  const exists = await stat(path).catch(() => undefined);
  if (!exists) return [];
  const file = await open(path, 'r');
  try {
    return (await readTail(file)).rows;
  } finally {
    await file.close();
  }
}

/** Returns the highest revision among rows, or 0. */
export function latestRevision(rows: readonly RecordedChange[]): number {
  return rows.reduce((highest, { revision }) => Math.max(highest, revision), 0);
}

/** Returns the last row that made a version active. */
export function lastActivation(rows: readonly RecordedChange[]): RecordedChange | undefined {
  return rows.find(({ action }) => action === 'activate' || action === 'rollback');
}

/** Reads the rows at the end of the file, latest first. `wholeBytes` is the size without an incomplete last row. */
async function readTail(file: FileHandle): Promise<{ rows: RecordedChange[]; size: number; wholeBytes: number }> {
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const bytes = buffer.subarray(0, bytesRead);
  const end = bytes.lastIndexOf('\n') + 1;
  const rows = bytes
    .toString('utf8', 0, end)
    .split('\n')
    .map(parseChange)
    .filter((row) => row !== undefined)
    .reverse();
  return { rows, size, wholeBytes: start + end };
}
