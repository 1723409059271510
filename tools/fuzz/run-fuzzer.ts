import { Worker } from 'node:worker_threads';
import type { Bundle } from './bundle.ts';

/** The task of a fuzzing thread. */
export interface FuzzTask {
  readonly module: string;
  readonly counters: number;
  readonly words: readonly string[];
  readonly corpusFolder: string;
  readonly seconds: number;
  readonly seed: number;
  readonly maxBytes: number;
  /** The number of executions, the length of the present input, and the input. */
  readonly shared: SharedArrayBuffer;
}

/** A message from a fuzzing thread. */
export type FuzzMessage =
  | { readonly kind: 'finding'; readonly reason: string; readonly input: Uint8Array }
  | {
      readonly kind: 'done';
      readonly branches: number;
      readonly inputs: number;
      /** The inputs that reached a branch which no earlier input reached. */
      readonly newBranches: readonly Uint8Array[];
    };

/** The result of fuzzing one target. */
export interface FuzzResult {
  readonly executions: number;
  /** The number of branches that were reached, of those that the target has. */
  readonly branches: number;
  readonly inputs: number;
  readonly newBranches: readonly Uint8Array[];
  readonly finding?: { readonly reason: string; readonly input: Uint8Array };
}

/** The maximum length of an input in bytes. Longer ones are slow, and reach no other code. */
const MAX_INPUT_BYTES = 16 * 1024;
/** The longest time in milliseconds for one input. */
const TIMEOUT_MS = 10_000;
const CHECK_MS = 500;
const MEMORY_LIMIT_MB = 1_024;

/** Runs a target for a time, or until its first finding: an exception, a hang, or the end of the memory. */
export function runFuzzer(
  { path, counters, words }: Bundle,
  { corpusFolder, seconds, seed }: Pick<FuzzTask, 'corpusFolder' | 'seconds' | 'seed'>,
): Promise<FuzzResult> {
  const shared = new SharedArrayBuffer(8 + MAX_INPUT_BYTES);
  const progress = new Int32Array(shared, 0, 2);
  const task: FuzzTask = {
    module: path,
    counters,
    words,
    corpusFolder,
    seconds,
    seed,
    maxBytes: MAX_INPUT_BYTES,
    shared,
  };
  const worker = new Worker(new URL('./fuzz-thread.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_LIMIT_MB },
  });
  const presentInput = () => new Uint8Array(shared, 8, progress[1]).slice();
  return new Promise((resolve) => {
    let last = 0;
    let since = performance.now();
    const timer = setInterval(() => {
      const executions = Atomics.load(progress, 0);
      if (executions !== last) since = performance.now();
      last = executions;
      // Before the first input the module is loaded.
      if (executions > 0 && performance.now() - since > TIMEOUT_MS) end('the target hangs', presentInput());
    }, CHECK_MS);

    function finish(result: Omit<FuzzResult, 'executions'>): void {
      clearInterval(timer);
      void worker.terminate();
      resolve({ executions: Atomics.load(progress, 0), ...result });
    }

    function end(reason: string, input: Uint8Array): void {
      finish({ branches: 0, inputs: 0, newBranches: [], finding: { reason, input } });
    }

    worker.on('message', (message: FuzzMessage) => {
      if (message.kind === 'finding') end(message.reason, message.input);
      else finish(message);
    });
    worker.on('error', (error) => end((error as Error).stack ?? String(error), presentInput()));
    worker.on('exit', (code) => end(`the thread ended with ${code}`, presentInput()));
  });
}
