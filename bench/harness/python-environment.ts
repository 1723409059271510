import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../../tools/cache-folder.ts';

/**
 * Runs a command, with its numeric libraries limited to one thread. Forwards its standard error.
 *
 * @returns the standard output
 * @throws {Error} with the end of the standard error if the exit code is not 0
 */
export async function run(command: string, args: readonly string[]): Promise<string> {
  const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...oneThread } });
  let output = '';
  let errorOutput = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    process.stderr.write(chunk);
    errorOutput = (errorOutput + chunk).slice(-2_000);
  });
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} exited with ${code}\n${errorOutput}`);
  return output;
}

/**
 * Installs packages into a virtual environment in the cache on first use.
 *
 * @param requirements the requirements for pip. Each list of requirements has its own environment.
 * @returns the path of the `bin` folder of the environment
 */
export async function installPython(name: string, requirements: readonly string[]): Promise<string> {
  const key = createHash('sha256').update(requirements.join('\n')).digest('hex').slice(0, 12);
  const folder = join(cacheFolder('bench'), `${name}-${key}`);
  const ready = join(folder, 'ready');
  if (!existsSync(ready)) {
    process.stderr.write(`Installing ${requirements.join(', ')} into ${folder}\n`);
    await run('python3', ['-m', 'venv', '--clear', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(join(folder, 'bin/python'), [...pip, ...requirements]);
    await writeFile(ready, `${requirements.join('\n')}\n`);
  }
  return join(folder, 'bin');
}
