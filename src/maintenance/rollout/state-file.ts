import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { atomicWrite } from '../../platform/atomic-write.ts';
import { initialState, type PolicyState, stateSchema } from './policy-state.ts';

/** The file in `DATA_DIR` that holds what the policy of a model remembers. */
export function stateFileOf(dataFolder: string, model: string): string {
  return join(dataFolder, 'maintenance', `${model}.json`);
}

/**
 * What the policy of a model remembers; the initial state where there is no file.
 *
 * @throws Error where there is one that cannot be used
 */
export async function readState(file: string): Promise<PolicyState> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return initialState;
    throw error;
  }
  return stateSchema.parse(JSON.parse(text));
}

/** Writes it so that a reader, and a start after a crash, finds the old or the new one whole. */
export async function writeState(file: string, state: PolicyState): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await atomicWrite(file, `${JSON.stringify(state, null, 2)}\n`);
}
