import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { ConfigError } from '../platform/config.ts';
import { FeedbackStoreError } from '../platform/problems.ts';
import { type DatabaseAddress, describeAddress, requireAddress } from '../postgres/address.ts';
import type { SharedState } from '../postgres/shared-state.ts';
import type { VersionStore } from '../postgres/version-store.ts';
import { FEEDBACK_FILE, type Feedback, type FeedbackOutcome, type FeedbackPlace } from './database/feedback.ts';
import type {
  ExperimentStore,
  FeedbackMethods,
  ImmediateRequest,
  RequestMessage,
  ResponseMessage,
  StoreRequest,
  ThreadOptions,
} from './database/store-messages.ts';
import { readTextCipher } from './database/text-cipher.ts';

/**
 * Feedback in `DATA_DIR`, for all processes on this machine, or in PostgreSQL, for all replicas. Each method rejects with a
 * `FeedbackStoreError` if the store cannot be used. Totals are empty if another process of the store reports them.
 */
export interface FeedbackStore extends FeedbackMethods {
  /** Stores feedback, and resolves when it is durable. */
  record(feedback: Feedback): Promise<FeedbackOutcome>;
  readonly experiments: ExperimentStore;
  /** Resolves when the store can be used, or the reason why it cannot was reported. Requests before that wait. */
  readonly opened: Promise<void>;
  /** Documents and locks of all replicas; undefined without a database. */
  readonly shared?: SharedState | undefined;
  /** The versions of models in the database; undefined without one. */
  readonly versions?: VersionStore | undefined;
  /** Closes the store after the pending requests. */
  close(): Promise<void>;
}

/** The pause in milliseconds before a thread that has ended is replaced. It doubles with each failure in a row. */
const MIN_RESTART_MS = 500;
const MAX_RESTART_MS = 30_000;

/** The thread allocates little. Without a limit its young generation would grow to many times its live objects. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 6 };

/** The longest wait in milliseconds for the first answer, if the store may be unusable. A network folder can hang. */
const MAX_START_MS = 10_000;

/**
 * Opens the store in a separate thread, because a durable write waits for the disk and predictions must not wait.
 *
 * @param place the folder of the files, created if it does not exist; or the address of a database
 * @param onStatus receives the reason when the store cannot be used, and `undefined` when it can be used again. The store
 *   then opens also if it cannot be used, and tries again until it can. This function does not wait for it: see
 *   `opened`. Without `onStatus` it waits, and the store tries once.
 * @param keyFile the file with the keys that encrypt the texts.
 * @throws {FeedbackStoreError} if the store cannot be opened, and there is no `onStatus`
 * @throws {ConfigError} if the keys or the address cannot be used
 */
export async function openFeedbackStore(
  place: FeedbackPlace,
  onStatus?: (fault: string | undefined) => void,
  keyFile?: string,
): Promise<FeedbackStore> {
  requireKeys(keyFile);
  const { name, program } = typeof place === 'string' ? sqlite(place) : postgres(place);
  let worker: Worker;
  let exited: Promise<void> = Promise.resolve();
  let restartMs = MIN_RESTART_MS;
  let isClosed = false;
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let lastId = 0;
  let endError: Error | undefined;

  function receive(response: ResponseMessage): void {
    if ('fault' in response) {
      if (!isClosed) onStatus?.(response.fault ?? undefined);
      return;
    }
    const promise = pending.get(response.requestId);
    pending.delete(response.requestId);
    if ('failure' in response)
      promise?.reject(new FeedbackStoreError(`the feedback store failed: ${response.failure}`));
    else promise?.resolve(response.result);
  }

  function startThread(): void {
    // execArgv is empty, because the telemetry preload must run in the main thread only.
    const workerData: ThreadOptions = { place, keyFile };
    const started = new Worker(program, { workerData, execArgv: [], resourceLimits: RESOURCE_LIMITS });
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
    onStatus(`${name}: ${reason}`);
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
      // The thread lives on if only the request failed. The thread of a database reports its faults itself.
      if (!endError && typeof place === 'string') onStatus(`${name}: ${(error as Error).message}`);
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
      onStatus(`${name}: it did not respond within ${MAX_START_MS / 1_000} seconds`);
    }
  }

  startThread();
  const opened = open();
  if (!onStatus) await opened;
  const caller =
    <Kind extends ImmediateRequest['kind']>(kind: Kind) =>
    <A extends readonly unknown[], R>(method: Extract<ImmediateRequest, { kind: Kind }>['method']) =>
    (...args: A): Promise<R> =>
      send({ kind, method, args } as ImmediateRequest);
  const call = caller('call');
  const callExperiments = caller('call experiments');
  const callShared = caller('call shared');
  const callVersions = caller('call versions');

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
    ...(typeof place !== 'string' && {
      shared: {
        readDocument: callShared('readDocument'),
        readDocuments: callShared('readDocuments'),
        putDocument: callShared('putDocument'),
        deleteDocument: callShared('deleteDocument'),
        acquire: callShared('acquire'),
        writeDocument: callShared('writeDocument'),
        release: callShared('release'),
        replaceDocument: callShared('replaceDocument'),
        changesAfter: callShared('changesAfter'),
      },
      versions: {
        list: callVersions('list'),
        read: callVersions('read'),
        add: callVersions('add'),
        replace: callVersions('replace'),
        remove: callVersions('remove'),
      },
    }),
    async close() {
      isClosed = true;
      if (endError) return;
      worker.postMessage({ requestId: 0, request: { kind: 'close' } } satisfies RequestMessage);
      await exited;
    },
  };
}

/** Returns the name of a store in files for the log, and the program of its thread. */
function sqlite(folder: string) {
  return { name: join(folder, FEEDBACK_FILE), program: new URL('./feedback-thread.ts', import.meta.url) };
}

/** Returns the same for a store in a database. @throws {ConfigError} if the address cannot be used */
function postgres(address: DatabaseAddress) {
  try {
    requireAddress(address);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
  return { name: describeAddress(address), program: new URL('./postgres/postgres-thread.ts', import.meta.url) };
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
