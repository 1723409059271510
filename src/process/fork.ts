import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { watchUntaken } from './untaken-connections.ts';

/** The place that each worker fills, from 1 on: a worker that replaces another has its number. */
const places = new WeakMap<Worker, number>();

/** How a worker ended: with a code, by a signal, or (`error`) without having begun. */
export interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

/** The number of the place that a worker fills. */
export function placeOf(worker: Worker): number | undefined {
  return places.get(worker);
}

/**
 * Starts this same program as a worker. What it writes to stdout can be read from `worker.process.stdout`.
 *
 * @returns with `ended`, which resolves when it has ended and all that it has told has been heard
 */
export function fork(place: number, env: Record<string, string>): { worker: Worker; ended: Promise<End> } {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  // `advanced` carries what JSON cannot, as NaN and infinity.
  cluster.setupPrimary({ serialization: 'advanced', stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const worker = cluster.fork(env);
  places.set(worker, place);
  const handOnUntaken = watchUntaken(worker);
  worker.once('exit', () => void heard(worker).then(handOnUntaken));
  return { worker, ended: endOf(worker) };
}

function endOf(worker: Worker): Promise<End> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      void heard(worker).then(() => resolve({ code, signal }));
    });
    // Beside a process that could not be made: a message that came too late for one that is ending.
    worker.on('error', (error) => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null, error });
    });
  });
}

/** Calls back for each worker that has ended, when all that it has told has been heard. */
export function onWorkerEnd(listener: (worker: Worker) => void): void {
  cluster.on('exit', (worker) => void heard(worker).then(() => listener(worker)));
}

/** Not the event `disconnect`: it never comes where a connection was on its way to a worker that dies. */
async function heard(worker: Worker): Promise<void> {
  for (let waits = 0; worker.isConnected() && waits < 100; waits += 1) await delay(10);
  await nextTurn();
}
