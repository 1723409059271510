import { Worker } from 'node:worker_threads';
import type { ComparisonResult } from './compare.ts';
import type { Table } from './table.ts';

/** A message to the thread. */
export interface CompareRequest {
  readonly requestId: number;
  readonly tables: readonly [Table, ...Table[]];
}

/** A message from the thread. */
export type CompareResponse =
  | { readonly requestId: number; readonly result: ComparisonResult }
  | { readonly requestId: number; readonly failure: string };

/** Compares tables in a thread of its own, so that requests do not wait for a comparison. */
export interface Comparer {
  /**
   * Compares the rows of several tables with the same columns.
   *
   * @returns `undefined` if too many comparisons wait
   */
  compare(tables: readonly [Table, ...Table[]]): Promise<ComparisonResult> | undefined;
  close(): Promise<void>;
}

/** The number of comparisons that may wait or run. */
const MAX_OPEN = 8;

/** The time after the last comparison when the thread is ended. */
const IDLE_MS = 60_000;

/** A comparison that ran for so long is given up with its thread. */
const TIMEOUT_MS = 30_000;

/** The limits on the heap of the thread. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 48 };

/** Creates a comparer. Its thread starts with the first comparison. */
export function createComparer(): Comparer {
  const open = new Map<number, PromiseWithResolvers<ComparisonResult>>();
  let thread: Worker | undefined;
  let lastId = 0;
  let timer: NodeJS.Timeout | undefined;

  function start(): Worker {
    const url = new URL('./compare-thread.ts', import.meta.url);
    const started = new Worker(url, { execArgv: [], resourceLimits: RESOURCE_LIMITS });
    started.unref();
    started.on('message', (response: CompareResponse) => {
      const waiting = open.get(response.requestId);
      open.delete(response.requestId);
      setTimer();
      if ('result' in response) waiting?.resolve(response.result);
      else waiting?.reject(new Error(response.failure));
    });
    started.on('error', (error) => fail(started, error as Error));
    started.on('exit', () => fail(started, new Error('The thread of comparisons has ended.')));
    return started;
  }

  function fail(failed: Worker, error: Error): void {
    if (thread !== failed) return;
    thread = undefined;
    for (const { reject } of open.values()) reject(error);
    open.clear();
  }

  /** Sets the time at which the thread is ended, because it is idle or takes too long. */
  function setTimer(): void {
    clearTimeout(timer);
    timer = setTimeout(() => void thread?.terminate(), open.size === 0 ? IDLE_MS : TIMEOUT_MS).unref();
  }

  return {
    compare(tables) {
      if (open.size >= MAX_OPEN) return undefined;
      thread ??= start();
      const requestId = ++lastId;
      const waiting = Promise.withResolvers<ComparisonResult>();
      open.set(requestId, waiting);
      setTimer();
      // The tables are copied. Arrays of another worker are views of one message, which cannot move to the thread.
      thread.postMessage({ requestId, tables } satisfies CompareRequest);
      return waiting.promise;
    },
    async close() {
      clearTimeout(timer);
      await thread?.terminate();
    },
  };
}
