import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

/** The index of each worker, starting at 1. A replacement has the index of the worker that it replaces. */
const workerIndexes = new WeakMap<Worker, number>();

/** The argument that names the index of a worker, also for people who list the processes. */
const WORKER_ARGUMENT = 'worker-';

/** Returns the index of this worker, starting at 1; 1 if this process serves alone. */
export function ownWorkerIndex(): number {
  const argument = process.argv.at(-1) ?? '';
  return argument.startsWith(WORKER_ARGUMENT) ? Number(argument.slice(WORKER_ARGUMENT.length)) : 1;
}

/** The end of a worker: it exited with a code, a signal ended it, or (`error`) it could not be started. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly error?: Error;
}

/** Returns the index of a worker, starting at 1. */
export function workerIndexOf(worker: Worker): number | undefined {
  return workerIndexes.get(worker);
}

/**
 * Starts this program again as a worker. Its stdout is the stream `worker.process.stdout`.
 *
 * @returns the worker, and a promise that resolves when the worker has ended and all its messages are delivered
 */
export function fork(workerIndex: number, env: Record<string, string>): { worker: Worker; ended: Promise<WorkerEnd> } {
  // JSON has no NaN and no infinity.
  cluster.setupPrimary({
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    args: [`${WORKER_ARGUMENT}${workerIndex}`],
  });
  const worker = cluster.fork(env);
  workerIndexes.set(worker, workerIndex);
  return { worker, ended: endOf(worker) };
}

function endOf(worker: Worker): Promise<WorkerEnd> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number | null, signal: string | null) => {
      void messagesDelivered(worker).then(() => resolve({ code, signal }));
    });
    // Other errors are messages to a worker that is ending.
    worker.on('error', (error) => {
      if (worker.process.pid === undefined) resolve({ code: null, signal: null, error });
    });
  });
}

/** Calls `listener` for each worker that has ended, when all its messages are delivered. */
export function onWorkerEnd(listener: (worker: Worker) => void): void {
  cluster.on('exit', (worker) => void messagesDelivered(worker).then(() => listener(worker)));
}

/** Waits until a worker has disconnected, at most 1 s. */
async function messagesDelivered(worker: Worker): Promise<void> {
  for (let waits = 0; worker.isConnected() && waits < 100; waits += 1) await delay(10);
  await nextTurn();
  // node:cluster does not notice the end of a worker that died before it had received a connection.
  if (cluster.workers?.[worker.id]) worker.disconnect();
}
