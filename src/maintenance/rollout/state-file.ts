import { dirname, join } from 'node:path';
import { atomicWrite, makePrivateFolder } from '../../platform/atomic-write.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { initialState, type PolicyState, stateSchema } from './policy-state.ts';

/** The maximum size of a state. */
const MAX_BYTES = 1024 * 1024;

/** Returns the path in `DATA_DIR` of the file with a model's policy state. */
export function stateFileOf(dataFolder: string, model: string): string {
  return join(dataFolder, 'maintenance', `${model}.json`);
}

/**
 * Reads a policy state; returns the initial state where the file does not exist.
 *
 * @throws {Error} if the file cannot be read, or its content is not a policy state
 */
export async function readState(file: string): Promise<PolicyState> {
  let text: string;
  try {
    text = (await readRegularFile(file, MAX_BYTES)).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return initialState;
    throw error;
  }
  return stateSchema.parse(JSON.parse(text));
}

/** Replaces the file in one step: readers, and a start after a crash, find the old state or the new state, complete. */
export async function writeState(file: string, state: PolicyState): Promise<void> {
  await makePrivateFolder(dirname(file));
  await atomicWrite(file, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
}
