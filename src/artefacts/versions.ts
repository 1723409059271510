import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SAFE_NAME } from '../platform/safe-names.ts';

/** Versions of a model that have a folder, oldest first: numbers by their size, other names after them. */
export async function listVersions(modelsFolder: string, name: string): Promise<string[]> {
  const entries = await readdir(join(modelsFolder, name), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && SAFE_NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort(compareVersions);
}

/** The number after the highest version that is one; `1` where there is none. */
export async function nextVersion(modelsFolder: string, name: string): Promise<string> {
  const numbers = (await listVersions(modelsFolder, name)).filter(isNumber).map(Number);
  return String(Math.max(0, ...numbers) + 1);
}

const isNumber = (version: string) => /^[0-9]{1,15}$/.test(version);

/** Oldest first: numbers by their size, other names after them. */
export function compareVersions(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
