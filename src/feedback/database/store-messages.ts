import type { SharedState } from '../../postgres/shared-state.ts';
import type { VersionStore } from '../../postgres/version-store.ts';
import type { ExperimentDatabase } from './experiment-database.ts';
import type { Feedback, FeedbackPlace } from './feedback.ts';
import type { FeedbackDatabase } from './feedback-database.ts';

/** The methods of the database that the store's thread calls at once. To store feedback waits for a shared commit instead. */
export type DatabaseMethod = Exclude<
  keyof FeedbackDatabase,
  'record' | 'isReporter' | 'isPresent' | 'experiments' | 'close'
>;
export type ExperimentMethod = Exclude<keyof ExperimentDatabase, 'close'>;

/** The methods of an interface, with promises of their results. */
type Promised<T> = {
  readonly [M in keyof T]: T[M] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};

/** The methods of a store that its thread calls at once. */
export type FeedbackMethods = Promised<Pick<FeedbackDatabase, DatabaseMethod>>;

/**
 * The records of experiments by all processes of the store. A saved batch may not be on the disk yet: a crash of the machine
 * may lose the newest batches.
 */
export type ExperimentStore = Promised<Pick<ExperimentDatabase, ExperimentMethod>>;

/** A request that the store's thread answers at once. */
export type ImmediateRequest =
  | { readonly kind: 'call'; readonly method: DatabaseMethod; readonly args: readonly unknown[] }
  | { readonly kind: 'call experiments'; readonly method: ExperimentMethod; readonly args: readonly unknown[] }
  /** Only for the thread of a database that replicas share. */
  | { readonly kind: 'call shared'; readonly method: keyof SharedState; readonly args: readonly unknown[] }
  | { readonly kind: 'call versions'; readonly method: keyof VersionStore; readonly args: readonly unknown[] };

/** Options of the store's thread. */
export interface ThreadOptions {
  readonly place: FeedbackPlace;
  /** The file with the keys of the texts. */
  readonly keyFile?: string | undefined;
}

export type StoreRequest =
  | ImmediateRequest
  | { readonly kind: 'record'; readonly feedback: Feedback }
  | { readonly kind: 'close' };

/** A message to the store's thread. */
export interface RequestMessage {
  readonly requestId: number;
  readonly request: StoreRequest;
}

/** The answer of the store's thread to one request, or the state of its database: the reason why it is away, or null. */
export type ResponseMessage =
  | { readonly requestId: number; readonly result: unknown }
  | { readonly requestId: number; readonly failure: string }
  | { readonly fault: string | null };
