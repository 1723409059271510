import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { sendToSupervisor, type ToSupervisor, type ToWorker } from './messages.ts';

/** The longest time in milliseconds that a change of roles waits for the other workers. A slower one follows by its poll. */
const FOLLOW_TIMEOUT_MS = 2_000;

/**
 * The link between workers for changes of roles. Without it, the next request after an activation could reach a worker that
 * still serves the version before.
 */
export interface RoleChangeLink {
  /** Lets the other workers read the folder of a model, and resolves when they have, or after two seconds. */
  announce(model: string): Promise<void>;
  /** Sets the callback that reads the folder of a model after another worker has announced a change. */
  onAnnounced(refresh: (model: string) => Promise<void>): void;
}

/** Creates the link of this worker. */
export function createRoleChangeLink(): RoleChangeLink {
  const waiting = new Map<number, () => void>();
  let lastChange = 0;
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'followed') waiting.get(message.change)?.();
  });
  process.once('disconnect', () => {
    for (const resolve of waiting.values()) resolve();
  });
  return {
    async announce(model) {
      if (!process.connected) return;
      const change = ++lastChange;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(change, resolve);
      void sendToSupervisor({ kind: 'roles-changed', model, change });
      await promise;
      waiting.delete(change);
    },
    onAnnounced(refresh) {
      process.on('message', (message: ToWorker) => {
        if (message.kind !== 'refresh') return;
        const { model, request } = message;
        // A folder that cannot be read is logged by the next poll.
        const refreshed = refresh(model).catch(() => {});
        void refreshed.then(() => sendToSupervisor({ kind: 'refreshed', request }));
      });
    },
  };
}

/** Passes announcements of role changes from each worker to the others, in the supervisor. */
export function relayRoleChanges(): void {
  const ready = new Set<Worker>();
  const open = new Map<number, { readonly missing: Set<Worker>; readonly resolve: () => void }>();
  let lastRequest = 0;

  function remove(worker: Worker, request: number): void {
    const { missing, resolve } = open.get(request) ?? {};
    missing?.delete(worker);
    if (missing?.size === 0) resolve?.();
  }

  async function relay(origin: Worker, model: string, change: number): Promise<void> {
    const missing = new Set([...ready].filter((worker) => worker !== origin && worker.isConnected()));
    if (missing.size > 0) {
      const request = ++lastRequest;
      const { promise, resolve } = Promise.withResolvers<void>();
      open.set(request, { missing, resolve });
      for (const worker of missing) worker.send({ kind: 'refresh', model, request } satisfies ToWorker);
      await Promise.race([promise, delay(FOLLOW_TIMEOUT_MS, undefined, { ref: false })]);
      open.delete(request);
    }
    if (origin.isConnected()) origin.send({ kind: 'followed', change } satisfies ToWorker);
  }

  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind === 'ready') ready.add(worker);
    if (message.kind === 'refreshed') remove(worker, message.request);
    if (message.kind === 'roles-changed') void relay(worker, message.model, message.change);
  });
  cluster.on('exit', (worker) => {
    ready.delete(worker);
    for (const request of open.keys()) remove(worker, request);
  });
}
