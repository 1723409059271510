import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';

/** What a worker has measured. */
export interface Snapshot {
  /** What adds up over workers. */
  readonly metrics: readonly ScopeMetrics[];
  /** What describes this one process; only in answer to a scrape, since collecting starts its windows anew. */
  readonly ofProcess?: readonly ScopeMetrics[] | undefined;
}

/** What a worker tells its supervisor. */
export type ToSupervisor =
  | { readonly kind: 'ready'; readonly url: string }
  /** A setting cannot be used: `message` is for people, and said once whatever the number of workers. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'snapshot'; readonly snapshot: Snapshot; readonly scrape?: number };

/** What a supervisor asks of a worker. */
export interface ToWorker {
  readonly kind: 'scrape';
  readonly scrape: number;
}

/** Tells the supervisor; resolves when it is handed over, or when there is no supervisor any more. */
export function tellSupervisor(message: ToSupervisor): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}
