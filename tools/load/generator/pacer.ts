import { Worker } from 'node:worker_threads';
import { now } from './clock.ts';

/** Due times at equal intervals, in milliseconds of `now()`. */
export interface Schedule {
  readonly from: number;
  readonly intervalMs: number;
  /** The number of due times. */
  readonly count: number;
}

/** The memory that a pacer shares with its thread. */
export interface PacerMemory {
  /** The number of the present schedule: 0 for none yet, negative to end the thread. The thread waits for its changes. */
  readonly turn: Int32Array<SharedArrayBuffer>;
  /** The present schedule: from, interval and count. */
  readonly schedule: Float64Array<SharedArrayBuffer>;
}

/** Calls a function at exact times. */
export interface Pacer {
  /**
   * Calls `onDue` at each due time, in order, and never early. Resolves after the last one, or when `signal` is aborted.
   *
   * @param onDue receives the number of the due time, from 0
   */
  run(schedule: Schedule, signal: AbortSignal, onDue: (number: number) => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * The time before a due time at which the thread wakes this one, in milliseconds. It covers the usual delay of the wake-up.
 * What is left of it is spent with a busy event loop.
 */
export const LEAD_MS = 0.2;
/** The event loop stays busy if the next due time is nearer than this. */
const BUSY_MS = LEAD_MS + 0.05;

/**
 * Creates a pacer. Timers of Node are exact to a millisecond, which is twice the time of a prediction. So a thread of its own
 * sleeps until shortly before a due time, by `Atomics.wait`, which is exact to some ten microseconds. It then wakes this
 * thread. This thread stays awake until the due time, and reads answers meanwhile.
 */
export function createPacer(): Pacer {
  const memory: PacerMemory = {
    turn: new Int32Array(new SharedArrayBuffer(4)),
    schedule: new Float64Array(new SharedArrayBuffer(24)),
  };
  const thread = new Worker(new URL('./pacer-thread.ts', import.meta.url), { workerData: memory, execArgv: [] });
  const started = Promise.withResolvers<void>();
  thread.once('error', started.reject);
  let turn = 0;
  let onWake = () => started.resolve();
  thread.on('message', () => onWake());

  return {
    async run(schedule, signal, onDue) {
      await started.promise;
      if (signal.aborted) return;
      const ended = Promise.withResolvers<void>();
      const stop = () => ended.resolve();
      signal.addEventListener('abort', stop);
      onWake = follow(schedule, signal, onDue, stop);
      // Above some thousand requests per second the event loop never rests, and needs nobody to wake it.
      if (schedule.intervalMs > BUSY_MS) share(schedule);
      onWake();
      await ended.promise;
      signal.removeEventListener('abort', stop);
      share({ from: 0, intervalMs: 1, count: 0 });
      onWake = () => {};
    },
    async close() {
      Atomics.store(memory.turn, 0, -1);
      Atomics.notify(memory.turn, 0);
      await thread.terminate();
    },
  };

  /** Hands a schedule to the thread. */
  function share({ from, intervalMs, count }: Schedule): void {
    memory.schedule.set([from, intervalMs, count]);
    turn += 1;
    Atomics.store(memory.turn, 0, turn);
    Atomics.notify(memory.turn, 0);
  }
}

/** Returns a function that calls `onDue` for all that is due, and keeps the event loop busy while the next one is near. */
function follow(
  { from, intervalMs, count }: Schedule,
  signal: AbortSignal,
  onDue: (number: number) => void,
  onEnd: () => void,
): () => void {
  let number = 0;
  let isBusy = false;
  const advance = () => {
    isBusy = false;
    if (signal.aborted) return;
    for (; number < count && from + number * intervalMs <= now(); number += 1) onDue(number);
    if (number >= count) {
      onEnd();
      return;
    }
    isBusy = from + number * intervalMs - now() < BUSY_MS;
    if (isBusy) setImmediate(advance);
  };
  return () => {
    if (!isBusy) advance();
  };
}
