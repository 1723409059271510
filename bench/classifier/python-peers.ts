import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPython, run } from '../harness/python-environment.ts';
import type { Contender, Dataset } from './contender.ts';

/** The requirement of scikit-learn in all benchmarks. */
export const SCIKIT_LEARN = 'scikit-learn==1.9.1';

const SCRIPT = fileURLToPath(new URL('./peers.py', import.meta.url));

/** Installs scikit-learn into a virtual environment in the cache on first use, and returns the path of its Python. */
export async function installScikitLearn(): Promise<string> {
  return join(await installPython('scikit-learn', [SCIKIT_LEARN]), 'python');
}

/** Trains and evaluates scikit-learn's pipelines on a dataset. */
export async function measurePython(python: string, { train, test }: Dataset): Promise<Contender[]> {
  const output = await run(python, [SCRIPT, train, test]);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Contender);
}
