import { join } from 'node:path';
import { listFolders } from '../platform/list-folders.ts';

/** Lists the versions of a model that have a folder or a link to one, oldest first as `compareVersions` orders them. */
export async function listVersions(modelsFolder: string, name: string): Promise<string[]> {
  return (await listFolders(join(modelsFolder, name)).catch(() => [])).sort(compareVersions);
}

/** Returns the next version number, starting at 1. */
export async function nextVersion(modelsFolder: string, name: string): Promise<string> {
  const numbers = (await listVersions(modelsFolder, name)).filter(isNumber).map(Number);
  return String(Math.max(0, ...numbers) + 1);
}

const isNumber = (version: string) => /^[0-9]{1,15}$/.test(version);

/** Compares versions for sorting, oldest first: numbers by their size, then other names by their characters. */
export function compareVersions(a: string, b: string): number {
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}
