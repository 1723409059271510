import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '../platform/config.ts';
import { FeedbackStoreError } from '../platform/problems.ts';
import type { ExperimentDatabase } from './database/experiment-database.ts';
import { FEEDBACK_FILE, type Feedback, type FeedbackOutcome } from './database/feedback.ts';
import type { FeedbackDatabase } from './database/feedback-database.ts';
import { readTextCipher } from './database/text-cipher.ts';

/** The methods of the database that the store's thread calls at once. To store feedback waits for a shared commit instead. */
export type DatabaseMethod = Exclude<
  keyof FeedbackDatabase,
  'record' | 'isReporter' | 'isPresent' | 'experiments' | 'close'
>;
export type ExperimentMethod = Exclude<keyof ExperimentDatabase, 'close'>;

/** A request that the store's thread answers at once. */
export type ImmediateRequest =
  | { readonly kind: 'call'; readonly method: DatabaseMethod; readonly args: readonly unknown[] }
  | { readonly kind: 'call experiments'; readonly method: ExperimentMethod; readonly args: readonly unknown[] };

/** The files of the store's thread. */
export interface ThreadOptions {
  readonly folder: string;
  /** The file with the keys of the texts. */
  readonly keyFile?: string | undefined;
}

type StoreRequest =
  | ImmediateRequest
  | { readonly kind: 'record'; readonly feedback: Feedback }
  | { readonly kind: 'close' };

/** A message to the store's thread. */
export interface RequestMessage {
  readonly requestId: number;
  readonly request: StoreRequest;
}

/** The answer of the store's thread to one request. */
export type ResponseMessage =
  | { readonly requestId: number; readonly result: unknown }
  | { readonly requestId: number; readonly failure: string };

/** The methods of an interface, with promises of their results. */
type Promised<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};

/**
 * Feedback on disk, in `DATA_DIR`. All processes on this machine may open it. Each method rejects with a
 * `FeedbackStoreError` if the files cannot be used. Totals are empty if another process of this folder reports them.
 */
export interface FeedbackStore extends Promised<Pick<FeedbackDatabase, DatabaseMethod>> {
  /** Stores feedback, and resolves when it is on the disk. */
  record(feedback: Feedback): Promise<FeedbackOutcome>;
  readonly experiments: ExperimentStore;
  /** Resolves when the store can be used, or the reason why it cannot was reported. Requests before that wait. */
  readonly opened: Promise<void>;
  /** Closes the store after the pending requests. */
  close(): Promise<void>;
}

/**
 * The records of experiments by all processes on this machine, in the feedback file. A saved batch may not be on the disk
 * yet: a crash of the machine may lose the newest batches.
 */
export type ExperimentStore = Promised<Pick<ExperimentDatabase, ExperimentMethod>>;

/** The pause in milliseconds before a thread that has ended is replaced. It doubles with each failure in a row. */
const MIN_RESTART_MS = 500;
const MAX_RESTART_MS = 30_000;

/** The longest wait in milliseconds for the first answer, if the store may be unusable. A network folder can hang. */
const MAX_START_MS = 10_000;

/**
 * Opens the store in a separate thread, because a durable write waits for the disk and predictions must not wait.
 *
 * @param folder the folder of the files; created if it does not exist
 * @param onStatus receives the reason when the store cannot be used, and `undefined` when it can be used again. The store
 *   then opens also if the files cannot be used, and tries again until they can. This function does not wait for it: see
 *   `opened`. Without `onStatus` it waits, and the store tries once.
 * @param keyFile the file with the keys that encrypt the texts
 * @throws {FeedbackStoreError} if the files cannot be opened, and there is no `onStatus`
 * @throws {ConfigError} if the keys cannot be used
 */
export async function openFeedbackStore(
  folder: string,
  onStatus?: (fault: string | undefined) => void,
  keyFile?: string,
): Promise<FeedbackStore> {
  requireKeys(keyFile);
  let worker: Worker;
  let exited: Promise<void> = Promise.resolve();
  let restartMs = MIN_RESTART_MS;
  let isClosed = false;
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let endError: Error | undefined;

  function receive(response: ResponseMessage): void {
    const promise = pending.get(response.requestId);
    pending.delete(response.requestId);
    if ('failure' in response)
      promise?.reject(new FeedbackStoreError(`the feedback store failed: ${response.failure}`));
    else promise?.resolve(response.result);
  }

  function startThread(): void {
    // execArgv is empty, because the telemetry preload must run in the main thread only.
    const workerData: ThreadOptions = { folder, keyFile };
    const started = new Worker(new URL('./feedback-thread.ts', import.meta.url), { workerData, execArgv: [] });
    worker = started;
    endError = undefined;
    started.on('message', receive);
    const { promise, resolve } = Promise.withResolvers<void>();
    exited = promise;
    started.on('error', (error) => end((error as Error).message));
    started.once('exit', (code) => {
      end(`exit ${code}`);
      resolve();
    });
  }

  /** Rejects what waits for a thread that has ended, and starts another thread after a pause. */
  function end(reason: string): void {
    if (endError) return;
    endError = new FeedbackStoreError(`the feedback store has ended: ${reason}`);
    for (const promise of pending.values()) promise.reject(endError);
    pending.clear();
    if (isClosed || !onStatus) return;
    onStatus(`${join(folder, FEEDBACK_FILE)}: ${reason}`);
    setTimeout(() => {
      if (isClosed) return;
      startThread();
      void probe();
    }, restartMs).unref();
    restartMs = Math.min(2 * restartMs, MAX_RESTART_MS);
  }

  /** Waits for the first answer of a thread. If its database cannot be opened, the thread ends instead. */
  async function probe(): Promise<void> {
    try {
      await send({ kind: 'call', method: 'totals', args: [] });
      restartMs = MIN_RESTART_MS;
      onStatus?.(undefined);
    } catch (error) {
      if (!onStatus) throw error;
      // The thread lives on if only the request failed.
      if (!endError) onStatus(`${join(folder, FEEDBACK_FILE)}: ${(error as Error).message}`);
    }
  }

  function send<T>(request: StoreRequest): Promise<T> {
    if (endError) return Promise.reject(endError);
    const response = Promise.withResolvers<unknown>();
    lastId += 1;
    pending.set(lastId, response);
    worker.postMessage({ requestId: lastId, request } satisfies RequestMessage);
    return response.promise as Promise<T>;
  }

  /** Waits for the first answer, for a limited time if the store may be unusable. */
  async function open(): Promise<void> {
    if (!onStatus) await probe();
    else if (!(await Promise.race([probe().then(() => true), delay(MAX_START_MS, false, { ref: false })]))) {
      onStatus(`${join(folder, FEEDBACK_FILE)}: it did not respond within ${MAX_START_MS / 1_000} seconds`);
    }
  }

  startThread();
  const opened = open();
  if (!onStatus) await opened;
  const call =
    <A extends readonly unknown[], R>(method: DatabaseMethod) =>
    (...args: A): Promise<R> =>
      send({ kind: 'call', method, args });
  const callExperiments =
    <A extends readonly unknown[], R>(method: ExperimentMethod) =>
    (...args: A): Promise<R> =>
      send({ kind: 'call experiments', method, args });

  return {
    opened,
    record: (feedback) => send({ kind: 'record', feedback }),
    counts: call('counts'),
    confidences: call('confidences'),
    hours: call('hours'),
    totals: call('totals'),
    confidenceTotals: call('confidenceTotals'),
    correct: call('correct'),
    erase: call('erase'),
    changes: call('changes'),
    deleteTexts: call('deleteTexts'),
    encryptTexts: call('encryptTexts'),
    experiments: {
      save: callExperiments('save'),
      pairs: callExperiments('pairs'),
      evaluatedPairs: callExperiments('evaluatedPairs'),
      pairHours: callExperiments('pairHours'),
      totals: callExperiments('totals'),
      minuteCounts: callExperiments('minuteCounts'),
      slots: callExperiments('slots'),
      waitingReviews: callExperiments('waitingReviews'),
      textCount: callExperiments('textCount'),
    },
    async close() {
      isClosed = true;
      if (endError) return;
      worker.postMessage({ requestId: 0, request: { kind: 'close' } } satisfies RequestMessage);
      await exited;
    },
  };
}

/** Checks the keys before the thread reads them: with bad keys it would end and start again forever. */
function requireKeys(keyFile: string | undefined): void {
  try {
    readTextCipher(keyFile);
  } catch (error) {
    const { message } = error as Error;
    throw new ConfigError(
      `FEEDBACK_KEY_FILE: ${JSON.stringify(keyFile)} cannot be used: ${message}; allowed: a file of keys`,
    );
  }
}
