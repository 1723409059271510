import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../platform/atomic-write.ts';
import { openRegularFile, withDeadline } from '../platform/regular-file.ts';
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
  const file = await openRegularFile(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND);
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

/** The last changes of an audit trail. */
export interface AuditTrail {
  /** Latest first. */
  readonly rows: RecordedChange[];
  /** The reason why rows are missing, with the path of the file; undefined if there is none. */
  readonly fault: string | undefined;
}

/** Reads the last changes from the audit trail of a model's folder. What cannot be read is missing, and is reported. */
export async function readAudit(folder: string): Promise<AuditTrail> {
  const path = join(folder, FILE_NAME);
  try {
    return await withDeadline(path, async () => {
      const file = await openRegularFile(path);
      try {
        const { rows, badRows } = await readTail(file);
        return { rows, fault: badRows === 0 ? undefined : `${path} has ${badRows} rows that cannot be read` };
      } finally {
        await file.close();
      }
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { rows: [], fault: undefined };
    return { rows: [], fault: `${path} cannot be read: ${message}` };
  }
}

/** Reads the last changes from the audit trail of a model's folder, latest first. */
export async function readChanges(folder: string): Promise<RecordedChange[]> {
  return (await readAudit(folder)).rows;
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
async function readTail(
  file: FileHandle,
): Promise<{ rows: RecordedChange[]; badRows: number; size: number; wholeBytes: number }> {
  const { size } = await file.stat();
  const start = Math.max(0, size - TAIL_BYTES);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
  const bytes = buffer.subarray(0, bytesRead);
  const end = bytes.lastIndexOf('\n') + 1;
  // The first line of the tail can be the end of a row.
  const first = start === 0 ? 0 : bytes.indexOf('\n') + 1;
  const lines = bytes.toString('utf8', first, Math.max(first, end)).split('\n');
  const written = lines.filter((line) => line.trim() !== '');
  const rows = written
    .map(parseChange)
    .filter((row) => row !== undefined)
    .reverse();
  return { rows, badRows: written.length - rows.length, size, wholeBytes: start + end };
}
