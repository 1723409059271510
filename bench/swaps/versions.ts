import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '../..');

/** Whether a version answers the other way round: every second one does, so that each answer shows who gave it. */
export const isTurned = (version: string) => Number(version) % 2 === 0;

/**
 * Adds a version of the bundled spam model to a models folder, whole at once, as training does. In a turned one the two
 * labels have changed places.
 */
export async function addVersion(models: string, version: string): Promise<void> {
  const unfinished = join(models, 'spam', `.${version}.tmp`);
  await cp(join(PROJECT, 'models/spam/1'), unfinished, { recursive: true });
  const file = join(unfinished, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { version: string; labels: string[] };
  manifest.version = version;
  if (isTurned(version)) manifest.labels.reverse();
  await writeFile(file, JSON.stringify(manifest));
  await rename(unfinished, join(models, 'spam', version));
}

/** Takes a version out of the models folder, as an operator would who needs the room. */
export function removeVersion(models: string, version: string): Promise<void> {
  return rm(join(models, 'spam', version), { recursive: true, force: true });
}
