import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../tools/cache-folder.ts';

const run = promisify(execFile);

/**
 * Installs the packages of a file into a Python environment in the cache, once.
 *
 * @returns the folder of its programs, or `undefined` on a machine without Python
 * @throws {Error} on a CI machine without Python
 */
export async function pythonPrograms(file = 'requirements.txt'): Promise<string | undefined> {
  const requirements = join(import.meta.dirname, file);
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const folder = cacheFolder(`python-${digest.slice(0, 12)}`);
  const programs = join(folder, 'bin');
  // Written last, so that the next run completes an interrupted installation.
  const complete = join(folder, 'complete');
  if (existsSync(complete)) return programs;
  try {
    await run('python3', ['-c', 'import venv, ensurepip']);
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    process.stdout.write('The tests with Python clients are skipped: python3 with venv and pip is missing.\n');
    return undefined;
  }
  process.stdout.write(`Installing Python packages into ${folder}, once, about a minute\n`);
  await mkdir(dirname(folder), { recursive: true });
  await run('python3', ['-m', 'venv', folder]);
  await run(join(programs, 'pip'), ['install', '--quiet', '--requirement', requirements]);
  await writeFile(complete, '');
  return programs;
}
