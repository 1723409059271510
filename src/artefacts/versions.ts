import { join } from 'node:path';
import { z } from 'zod';
import { atomicWrite } from '../platform/atomic-write.ts';
import { listFolders } from '../platform/list-folders.ts';
import { readRegularFile } from '../platform/regular-file.ts';

/** Lists the versions of a model that have a folder or a link to one, oldest first as `compareVersions` orders them. */
export async function listVersions(modelsFolder: string, name: string): Promise<string[]> {
  return (await listFolders(join(modelsFolder, name)).catch(() => [])).sort(compareVersions);
}

/** The name of the file in a model's folder with the highest number that a version has had. */
const HIGHEST_FILE = 'highest-version.json';

/** The maximum size of that file. */
const MAX_BYTES = 4_096;

const highestSchema = z.object({ format: z.literal(1), highest: z.int().nonnegative() });

/**
 * Returns the next version number, starting at 1. The number of a deleted version is not used again, because late feedback,
 * metrics and logs still name it.
 */
export async function nextVersion(modelsFolder: string, name: string): Promise<string> {
  const versions = await listVersions(modelsFolder, name);
  return String(Math.max(highestOf(versions), await readHighest(join(modelsFolder, name))) + 1);
}

/**
 * Writes the highest number among versions into the model's folder, unless the file has it or a higher one. So the number
 * survives the deletion of the version.
 *
 * @throws the error of the file system
 */
export async function recordVersions(modelsFolder: string, name: string, versions: readonly string[]): Promise<void> {
  const folder = join(modelsFolder, name);
  const highest = highestOf(versions);
  if (highest <= (await readHighest(folder))) return;
  await atomicWrite(join(folder, HIGHEST_FILE), `${JSON.stringify({ format: 1, highest })}\n`);
}

function highestOf(versions: readonly string[]): number {
  return Math.max(0, ...versions.filter(isNumber).map(Number));
}

/** Reads the highest number; 0 without a usable file. */
async function readHighest(folder: string): Promise<number> {
  try {
    const content = await readRegularFile(join(folder, HIGHEST_FILE), MAX_BYTES);
    return highestSchema.parse(JSON.parse(content.toString())).highest;
  } catch {
    return 0;
  }
}

const isNumber = (version: string) => /^[0-9]{1,15}$/.test(version);

/** Compares versions for sorting, oldest first: numbers by their size, then other names by their characters. */
export function compareVersions(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
