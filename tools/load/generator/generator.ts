import { Worker } from 'node:worker_threads';
import type { Target } from './connection.ts';
import type { LoadLevel } from './outcome.ts';
import type { LoadReport, SenderCommand, SenderData, SenderReport, WindowCounts } from './sender-thread.ts';
import type { TextToSend } from './texts.ts';

/** The windows of a run. */
export interface Windows {
  readonly windowMs: number;
  readonly onWindow: (window: WindowCounts) => void;
}

/** A load generator for one target. */
export interface Generator {
  /** Sends requests for `durationMs`, waits until each of them is answered or has timed out, and returns the counts. */
  run(loadLevel: LoadLevel, durationMs: number, signal: AbortSignal, windows?: Windows): Promise<LoadReport>;
  close(): Promise<void>;
}

/** Options of `createGenerator`. */
export interface GeneratorOptions extends Target {
  readonly timeoutMs: number;
  /**
   * The limit on connections in an open loop. The generator opens them as needed; further requests wait in the queue.
   */
  readonly maxConnections: number;
  /** The texts are sent in order, again from the first after the last. */
  readonly texts: readonly TextToSend[];
}

/**
 * Creates a generator that sends requests to one target. A thread of its own sends, reads, checks and counts, so that nothing of
 * the caller (charts, the terminal, reading metrics) delays a request or the measurement of an answer. Each answer is checked at
 * once, in some ten microseconds: answers that are checked together delay the next request by the time of all of them. Its
 * connections stay open from one run to the next. Resolves after a second, when the code of the thread is compiled.
 */
export async function createGenerator({
  origin,
  path,
  headers,
  texts,
  timeoutMs,
  maxConnections,
}: GeneratorOptions): Promise<Generator> {
  const data: SenderData = { target: { origin, path, headers }, texts, timeoutMs, maxConnections };
  const thread = new Worker(new URL('./sender-thread.ts', import.meta.url), { workerData: data, execArgv: [] });
  const command = (message: SenderCommand) => thread.postMessage(message);
  const ready = Promise.withResolvers<void>();
  let failure: Error | undefined;
  let onReport: (report: SenderReport) => void = () => ready.resolve();
  let onFailure: (error: Error) => void = ready.reject;
  thread.on('message', (report: SenderReport) => onReport(report));
  thread.on('error', (error) => {
    failure = error as Error;
    onFailure(failure);
  });
  await ready.promise;

  return {
    async run(loadLevel, durationMs, signal, windows) {
      if (failure !== undefined) throw failure;
      const ended = Promise.withResolvers<LoadReport>();
      onFailure = ended.reject;
      onReport = (report) => {
        if (report.kind === 'window') windows?.onWindow(report.window);
        else if (report.kind === 'ended') ended.resolve(report.report);
      };
      const stop = () => command({ kind: 'stop' });
      command({ kind: 'run', loadLevel, durationMs, windowMs: windows?.windowMs });
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop);
      return ended.promise.finally(() => signal.removeEventListener('abort', stop));
    },
    async close() {
      if (failure !== undefined) return;
      const exited = new Promise((resolve) => thread.once('exit', resolve));
      command({ kind: 'close' });
      await exited;
    },
  };
}
