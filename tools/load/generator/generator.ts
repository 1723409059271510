import { Worker } from 'node:worker_threads';
import type { Target } from './connection.ts';
import type { LoadLevel, Outcome } from './outcome.ts';
import type { SenderCommand, SenderData, SenderReport } from './sender-thread.ts';

/** A load generator for one target. */
export interface Generator {
  /**
   * Sends requests for `durationMs`, then waits until each of them is answered or has timed out.
   *
   * @param onOutcome receives each request once it is answered or lost, with a delay of up to 50 ms
   */
  run(
    loadLevel: LoadLevel,
    durationMs: number,
    onOutcome: (outcome: Outcome) => void,
    signal: AbortSignal,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Options of `createGenerator`. */
export interface GeneratorOptions extends Target {
  readonly timeoutMs: number;
  /**
   * The limit on connections in an open loop. The generator opens them as needed; further requests wait in the queue.
   */
  readonly maxConnections: number;
  /** The bodies of the requests. They are sent in order, again from the first after the last. */
  readonly bodies: readonly string[];
}

/**
 * Creates a generator that sends requests to one target. It sends from a thread of its own, so that the work on answers
 * (parsing, checks, charts) delays neither a request nor the measurement of an answer. Its connections stay open from one
 * run to the next.
 */
export function createGenerator({
  origin,
  path,
  headers,
  bodies,
  timeoutMs,
  maxConnections,
}: GeneratorOptions): Generator {
  const data: SenderData = { target: { origin, path, headers }, bodies, timeoutMs, maxConnections };
  const thread = new Worker(new URL('./sender-thread.ts', import.meta.url), { workerData: data, execArgv: [] });
  const command = (message: SenderCommand) => thread.postMessage(message);
  let failure: Error | undefined;
  let onReport: (report: SenderReport) => void = () => {};
  let onFailure: (error: Error) => void = () => {};
  thread.on('message', (report: SenderReport) => onReport(report));
  thread.on('error', (error) => {
    failure = error as Error;
    onFailure(failure);
  });

  return {
    async run(loadLevel, durationMs, onOutcome, signal) {
      if (failure !== undefined) throw failure;
      const ended = Promise.withResolvers<void>();
      onFailure = ended.reject;
      onReport = (report) => {
        for (const outcome of report.outcomes) onOutcome(outcome);
        if (report.ended) ended.resolve();
      };
      const stop = () => command({ kind: 'stop' });
      command({ kind: 'run', loadLevel, durationMs });
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      await ended.promise.finally(() => signal.removeEventListener('abort', stop));
    },
    async close() {
      if (failure !== undefined) return;
      const exited = new Promise((resolve) => thread.once('exit', resolve));
      command({ kind: 'close' });
      await exited;
    },
  };
}
