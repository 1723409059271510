import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { trackPendingConnections } from './pending-connections.ts';

/** The index of each worker, starting at 1. A replacement has the index of the worker that it replaces. */
const workerIndexes = new WeakMap<Worker, number>();

/** How a worker ended: with a code, by a signal, or (`error`) without having begun. */
export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

/** The number of the workerIndex that a worker fills. */
export function workerIndexOf(worker: Worker): number | undefined {
  return workerIndexes.get(worker);
}

/**
 * Starts this same program as a worker. What it writes to stdout can be read from `worker.process.stdout`.
 *
 * @returns with `ended`, which resolves when it has ended and all that it has told has been drained
 */
export function fork(workerIndex: number, env: Record<string, string>): { worker: Worker; ended: Promise<End> } {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // `advanced` carries what JSON cannot, as NaN and infinity.
  cluster.setupPrimary({ serialization: 'advanced', stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const worker = cluster.fork(env);
  workerIndexes.set(worker, workerIndex);
  const releasePending = trackPendingConnections(worker);
  worker.once('exit', () => void drained(worker).then(releasePending));
  return { worker, ended: endOf(worker) };
}

function endOf(worker: Worker): Promise<End> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      void drained(worker).then(() => resolve({ code, signal }));
    });
    // Beside a process that could not be made: a message that came too late for one that is ending.
    worker.on('error', (error) => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null, error });
    });
  });
}

/** Calls back for each worker that has ended, when all that it has told has been drained. */
export function onWorkerEnd(listener: (worker: Worker) => void): void {
  cluster.on('exit', (worker) => void drained(worker).then(() => listener(worker)));
}

/** Not the event `disconnect`: it never comes where a connection was on its way to a worker that dies. */
async function drained(worker: Worker): Promise<void> {
  for (let waits = 0; worker.isConnected() && waits < 100; waits += 1) await delay(10);
  await nextTurn();
}
