import { Worker } from 'node:worker_threads';
import type { ConfusionCount } from '../classifier/statistics/confusion-matrix.ts';
import { FeedbackStoreError } from '../platform/problems.ts';
import type { JudgedPair, LabelPair, MinuteCount, Trial, TrialNews, Use } from './experiment.ts';
import type { Feedback, FeedbackTotal, Outcome } from './feedback.ts';

/** What is asked of the store's thread and answered at once; feedback to keep may wait for more of it. */
export type Question =
  | { readonly kind: 'counts'; readonly model: string; readonly version: string; readonly since: number | undefined }
  | { readonly kind: 'totals' }
  | { readonly kind: 'news'; readonly news: TrialNews }
  | { readonly kind: 'pairs' | 'judged'; readonly trial: Trial }
  | { readonly kind: 'shadow totals' }
  | {
      readonly kind: 'minutes';
      readonly model: string;
      readonly version: string;
      readonly use: Use;
      readonly since: number;
    }
  | { readonly kind: 'texts'; readonly model: string; readonly since: number };

type Request = Question | { readonly kind: 'record'; readonly feedback: Feedback } | { readonly kind: 'close' };

/** A message to the store's thread. */
export interface Call {
  readonly call: number;
  readonly request: Request;
}

/** The answer of the store's thread to one call. */
export type Reply =
  | { readonly call: number; readonly result: unknown }
  | { readonly call: number; readonly failure: string };

/**
 * Feedback on disk, in `DATA_DIR`. Every process of this machine may have it open. Each call rejects with a
 * `FeedbackStoreError` where the files cannot be used.
 */
export interface FeedbackStore {
  /** Resolves when the feedback is on the disk. */
  record(feedback: Feedback): Promise<Outcome>;
  /** What came in of one model version, since a time in milliseconds or ever. */
  counts(model: string, version: string, since?: number): Promise<ConfusionCount[]>;
  /** Everything that ever came in; nothing where another process of this folder reports it. */
  totals(): Promise<FeedbackTotal[]>;
  readonly trials: TrialStore;
  /** Finishes what is under way. */
  close(): Promise<void>;
}

/** What is known of versions on trial, kept beside the feedback, by all processes of this machine. */
export interface TrialStore {
  /** Resolves when it is kept, though not yet on the disk: a crash of the machine may take the latest of it. */
  keep(news: TrialNews): Promise<void>;
  /** How often two versions gave which labels to the same text. */
  pairs(trial: Trial): Promise<LabelPair[]>;
  /** The same where the true label came in. */
  judged(trial: Trial): Promise<JudgedPair[]>;
  /** The confusion matrices of all shadows that there ever were; nothing where another process of this folder reports them. */
  totals(): Promise<FeedbackTotal[]>;
  /** What a version did since a time in milliseconds, in a day at most. */
  minutes(model: string, version: string, use: Use, since: number): Promise<MinuteCount[]>;
  /** How many texts came in with their true label, since a time in milliseconds. */
  texts(model: string, since: number): Promise<number>;
}

/**
 * Opens the store in a thread of its own: a durable write waits for the disk, and predictions must not wait with it.
 *
 * @param folder where the files are; made if it is not there
 * @throws where the files cannot be opened
 */
export async function openFeedbackStore(folder: string): Promise<FeedbackStore> {
  // Without the process's own options: the telemetry preload belongs to the main thread alone.
  const worker = new Worker(new URL('./feedback-thread.ts', import.meta.url), { workerData: folder, execArgv: [] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let calls = 0;
  let ended: Error | undefined;

  worker.on('message', (reply: Reply) => {
    const caller = waiting.get(reply.call);
    waiting.delete(reply.call);
    if ('failure' in reply) caller?.reject(new FeedbackStoreError(`the feedback store failed: ${reply.failure}`));
    else caller?.resolve(reply.result);
  });
  const end = (reason: string) => {
    ended ??= new FeedbackStoreError(`the feedback store has ended: ${reason}`);
    for (const caller of waiting.values()) caller.reject(ended);
    waiting.clear();
  };
  worker.on('error', (error) => end((error as Error).message));
  const exited = new Promise<void>((resolve) => {
    worker.once('exit', (code) => {
      end(`exit ${code}`);
      resolve();
    });
  });

  function ask<T>(request: Request): Promise<T> {
    if (ended) return Promise.reject(ended);
    const caller = Promise.withResolvers<unknown>();
    calls += 1;
    waiting.set(calls, caller);
    worker.postMessage({ call: calls, request } satisfies Call);
    return caller.promise as Promise<T>;
  }

  await ask({ kind: 'totals' });
  return {
    record: (feedback) => ask({ kind: 'record', feedback }),
    counts: (model, version, since) => ask({ kind: 'counts', model, version, since }),
    totals: () => ask({ kind: 'totals' }),
    trials: {
      keep: (news) => ask({ kind: 'news', news }),
      pairs: (trial) => ask({ kind: 'pairs', trial }),
      judged: (trial) => ask({ kind: 'judged', trial }),
      totals: () => ask({ kind: 'shadow totals' }),
      minutes: (model, version, use, since) => ask({ kind: 'minutes', model, version, use, since }),
      texts: (model, since) => ask({ kind: 'texts', model, since }),
    },
    async close() {
      worker.postMessage({ call: 0, request: { kind: 'close' } } satisfies Call);
      await exited;
    },
  };
}
