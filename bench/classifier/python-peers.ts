import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../src/corpus/cache-folder.ts';
import type { Contender, Dataset } from './contender.ts';

const requirement = 'scikit-learn==1.9.1';
const script = fileURLToPath(new URL('./peers.py', import.meta.url));

/** Runs a command; gives its standard output, and passes on what it says on standard error. */
async function run(command: string, args: readonly string[]): Promise<string> {
  const oneThread = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...oneThread } });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return output;
}

/** scikit-learn in a virtual environment in the cache, installed the first time. */
export async function installPython(): Promise<string> {
  const folder = join(cacheFolder('bench'), requirement.replace('==', '-'));
  const python = join(folder, 'bin', 'python');
  const ready = join(folder, 'lib');
  if (!existsSync(join(folder, 'ready'))) {
    process.stderr.write(`Installing ${requirement} into ${folder}\n`);
    if (!existsSync(ready)) await run('python3', ['-m', 'venv', folder]);
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement]);
    await run(python, [
      '-c',
      `import sklearn, pathlib; pathlib.Path(${JSON.stringify(join(folder, 'ready'))}).touch()`,
    ]);
  }
  return python;
}

/** scikit-learn's pipelines on the same texts. */
export async function measurePython(python: string, { train, test }: Dataset): Promise<Contender[]> {
  const output = await run(python, [script, train, test]);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Contender);
}
