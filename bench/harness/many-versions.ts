import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const BUNDLED = join(import.meta.dirname, '../../models/spam/1');

/** Writes the versions 1 to `count` of the model `spam` into a models folder: copies of the bundled version. */
export async function writeManyVersions(models: string, count: number): Promise<void> {
  for (let version = 1; version <= count; version += 1) await copyBundled(models, 'spam', String(version));
}

/** Writes models with the names `m1` to `m{count}` into a models folder: copies of the bundled version. */
export async function writeManyModels(models: string, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, at) => `m${at + 1}`);
  for (const name of names) await copyBundled(models, name, '1');
  return names;
}

async function copyBundled(models: string, name: string, version: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(BUNDLED, 'manifest.json'), 'utf8')) as Record<string, unknown>;
  const folder = join(models, name, version);
  await mkdir(folder, { recursive: true });
  await copyFile(join(BUNDLED, 'weights.bin'), join(folder, 'weights.bin'));
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, name, version }));
}
