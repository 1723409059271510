import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installPython, run } from '../harness/python-environment.ts';
import type { Contender, Dataset } from './contender.ts';

/** The version of scikit-learn in every benchmark. */
export const scikitLearn = 'scikit-learn==1.9.1';

const script = fileURLToPath(new URL('./peers.py', import.meta.url));

/** scikit-learn in a virtual environment in the cache, installed the first time. */
export async function installScikitLearn(): Promise<string> {
  return join(await installPython('scikit-learn', [scikitLearn]), 'python');
}

/** scikit-learn's pipelines on the same texts. */
export async function measurePython(python: string, { train, test }: Dataset): Promise<Contender[]> {
  const output = await run(python, [script, train, test]);
  return output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Contender);
}
