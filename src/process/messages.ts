/**
 * What a worker has measured: `ScopeMetrics[]` as `v8.serialize` writes them, since most are never read. There is one each
 * second, and they are read at a scrape.
 */
export interface Snapshot {
  /** What adds up over workers. */
  readonly metrics: Uint8Array;
  /** What describes this one process; only in answer to a scrape, since collecting starts its windows anew. */
  readonly ofProcess?: Uint8Array | undefined;
}

/** What a worker tells its supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready'; readonly url: string }
  /** A setting cannot be used: `message` is for people, and said once whatever the number of workers. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'counted'; readonly counts: readonly Counted[] }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly scrape?: number };

/** What a supervisor tells a worker. */
export type ToWorker =
  | { readonly kind: 'scrape'; readonly scrape: number }
  /** The answer to `counted`. */
  | { readonly kind: 'counts'; readonly counts: readonly CountsOfAll[] };

/** What one worker has counted since it last told, under a name that all of them know. */
export interface Counted {
  readonly name: string;
  readonly windowMs: number;
  readonly slices: number;
  readonly counts: Float64Array;
}

/** What all workers have counted over the window. */
export interface CountsOfAll {
  readonly name: string;
  readonly counts: Float64Array;
}

/** Tells the supervisor; resolves when it is handed over, or when there is no supervisor any more. */
export function tellSupervisor(message: ToSupervisor): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}
