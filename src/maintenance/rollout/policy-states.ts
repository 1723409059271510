import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atomicWrite, makePrivateFolder } from '../../platform/atomic-write.ts';
import { withLock } from '../../platform/file-lock.ts';
import { Problem } from '../../platform/problems.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { SharedState } from '../../postgres/shared-state.ts';
import { initialState, type PolicyState, stateSchema } from './policy-state.ts';

/** The maximum size of a state. */
const MAX_BYTES = 1024 * 1024;

/** The longest wait for another replica that evaluates, and the pause between two attempts to take its lock. */
const MAX_WAIT_MS = 10_000;
const RETRY_MS = 250;

/** Replaces the state of a model. It rejects if another process may be evaluating by now. */
export type WriteState = (model: string, state: PolicyState) => Promise<void>;

/** The states of the policies, which all processes share that decide together. */
export interface PolicyStates {
  /**
   * Reads a state; returns the initial one if there is none.
   *
   * @throws {Error} if the state cannot be read, or is not a policy state
   */
  read(model: string): Promise<PolicyState>;
  /** Does some work while no other process evaluates. */
  withLock<T>(work: (write: WriteState) => Promise<T>): Promise<T>;
  /** Says how to start with an empty state, for a state that cannot be used. */
  describeRemedy(model: string): string;
}

/** Returns the states in the files of `DATA_DIR/maintenance`. */
export function createStateFiles(dataFolder: string): PolicyStates {
  const folder = join(dataFolder, 'maintenance');
  const fileOf = (model: string) => join(folder, `${model}.json`);

  return {
    async read(model) {
      let text: string;
      try {
        text = (await readRegularFile(fileOf(model), MAX_BYTES)).toString();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return initialState;
        throw error;
      }
      return parseState(text);
    },
    async withLock(work) {
      await makePrivateFolder(folder);
      // Readers, and a start after a crash, find the old state or the new state, complete.
      const write: WriteState = async (model, state) => {
        await atomicWrite(fileOf(model), `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
      };
      return withLock(join(folder, 'evaluator.lock'), 'the policy evaluation', () => work(write));
    },
    describeRemedy: (model) =>
      `DATA_DIR/maintenance/${model}.json cannot be used; delete the file to start with an empty state`,
  };
}

/** Returns the states in the database of all replicas. The lock ends with the connection of its holder. */
export function createSharedStates(shared: SharedState): PolicyStates {
  const nameOf = (model: string) => `policy state of ${model}`;

  async function acquire(): Promise<number> {
    for (const deadline = performance.now() + MAX_WAIT_MS; ; await delay(RETRY_MS)) {
      const held = await shared.acquire('policy evaluation');
      if (held !== undefined) return held;
      if (performance.now() < deadline) continue;
      throw new Problem('overloaded', 'The policy evaluation is in use by another replica.', { 'retry-after': '1' });
    }
  }

  return {
    async read(model) {
      const text = await shared.readDocument(nameOf(model));
      return text === undefined ? initialState : parseState(text);
    },
    async withLock(work) {
      const held = await acquire();
      try {
        // The lock is checked by the write: an evaluation that has lost it cannot announce an action.
        return await work((model, state) => shared.writeDocument(held, nameOf(model), JSON.stringify(state)));
      } finally {
        await shared.release(held).catch(() => {});
      }
    },
    describeRemedy: (model) =>
      `the document "${nameOf(model)}" in the database cannot be used; if the database is there, delete its row in waymark.documents to start with an empty state`,
  };
}

function parseState(text: string): PolicyState {
  return stateSchema.parse(JSON.parse(text));
}
