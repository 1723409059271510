import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const BUNDLED = join(import.meta.dirname, '../../models/spam/1');

/** Writes the versions 1 to `count` of the model `spam` into a models folder: copies of the bundled version. */
export async function writeManyVersions(models: string, count: number): Promise<void> {
  const manifest = JSON.parse(await readFile(join(BUNDLED, 'manifest.json'), 'utf8')) as Record<string, unknown>;
  for (let version = 1; version <= count; version += 1) {
    const folder = join(models, 'spam', String(version));
    await mkdir(folder, { recursive: true });
    await copyFile(join(BUNDLED, 'weights.bin'), join(folder, 'weights.bin'));
    await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, version: String(version) }));
  }
}
