import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { type ModelEvent, sendToSupervisor, type ToSupervisor, type ToWorker } from './messages.ts';

/** The longest time in milliseconds that a change waits for the other workers. A slower one follows later. */
const FOLLOW_TIMEOUT_MS = 2_000;

/**
 * The link between workers for changes of models. Without it, the next request after an activation could reach a worker
 * that still serves the version before, and an unloaded model would stay in the other workers.
 */
export interface ModelChangeLink {
  /** Returns the models that are unloaded when this worker starts. */
  unloaded(): Promise<readonly string[]>;
  /** Lets the other workers apply a change, and resolves when they have, or after two seconds. */
  announce(model: string, event: ModelEvent): Promise<void>;
  /** Sets the callback that applies a change after another worker has announced it. */
  onAnnounced(follow: (model: string, event: ModelEvent) => Promise<void>): void;
}

/** Creates the link of this worker. */
export function createModelChangeLink(): ModelChangeLink {
  const waiting = new Map<number, () => void>();
  let lastChange = 0;
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'followed') waiting.get(message.change)?.();
  });
  process.once('disconnect', () => {
    for (const resolve of waiting.values()) resolve();
  });
  return {
    async unloaded() {
      if (!process.connected) return [];
      const { promise, resolve } = Promise.withResolvers<readonly string[]>();
      const listener = (message: ToWorker) => message.kind === 'unloaded' && resolve(message.models);
      process.on('message', listener);
      process.once('disconnect', () => resolve([]));
      void sendToSupervisor({ kind: 'starting' });
      return promise.finally(() => process.off('message', listener));
    },
    async announce(model, event) {
      if (!process.connected) return;
      const change = ++lastChange;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.set(change, resolve);
      void sendToSupervisor({ kind: 'model-changed', model, event, change });
      await promise;
      waiting.delete(change);
    },
    onAnnounced(follow) {
      process.on('message', (message: ToWorker) => {
        if (message.kind !== 'follow') return;
        const { model, event, request } = message;
        // A folder that cannot be read is logged by the next poll.
        const followed = follow(model, event).catch(() => {});
        void followed.then(() => sendToSupervisor({ kind: 'followed-change', request }));
      });
    },
  };
}

/**
 * Passes announcements of changes from each worker to the others, in the supervisor. Remembers the unloaded models for
 * workers that start later.
 */
export function relayModelChanges(): void {
  /** The workers that listen for changes, and those that apply them at once: they have started. */
  const listening = new Set<Worker>();
  const ready = new Set<Worker>();
  const unloaded = new Set<string>();
  const open = new Map<number, { readonly missing: Set<Worker>; readonly resolve: () => void }>();
  let lastRequest = 0;

  function remove(worker: Worker, request: number): void {
    const { missing, resolve } = open.get(request) ?? {};
    missing?.delete(worker);
    if (missing?.size === 0) resolve?.();
  }

  async function relay(origin: Worker, model: string, event: ModelEvent, change: number): Promise<void> {
    if (event === 'unloaded') unloaded.add(model);
    if (event === 'loaded') unloaded.delete(model);
    const others = [...listening].filter((worker) => worker !== origin && worker.isConnected());
    const missing = new Set(others.filter((worker) => ready.has(worker)));
    const request = ++lastRequest;
    for (const worker of others) worker.send({ kind: 'follow', model, event, request } satisfies ToWorker);
    if (missing.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      open.set(request, { missing, resolve });
      await Promise.race([promise, delay(FOLLOW_TIMEOUT_MS, undefined, { ref: false })]);
      open.delete(request);
    }
    if (origin.isConnected()) origin.send({ kind: 'followed', change } satisfies ToWorker);
  }

  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind === 'starting') {
      // From now on the worker gets all changes. It applies those of its start when it has read the folder.
      listening.add(worker);
      worker.send({ kind: 'unloaded', models: [...unloaded] } satisfies ToWorker);
    }
    if (message.kind === 'ready') ready.add(worker);
    if (message.kind === 'followed-change') remove(worker, message.request);
    if (message.kind === 'model-changed') void relay(worker, message.model, message.event, message.change);
  });
  cluster.on('exit', (worker) => {
    listening.delete(worker);
    ready.delete(worker);
    for (const request of open.keys()) remove(worker, request);
  });
}
