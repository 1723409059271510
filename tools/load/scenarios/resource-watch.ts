import { type Resources, readResources } from './service-metrics.ts';

/** The resources that the service used at one moment. */
export interface ResourceRow extends Omit<Resources, 'cpuSeconds'> {
  /** The time since the start of the run. */
  readonly seconds: number;
  /** The mean number of busy cores since the previous row. */
  readonly cores?: number;
}

/** A running watch of the service's resources. */
export interface ResourceWatch {
  readonly rows: readonly ResourceRow[];
  /** Returns the reason why rows are missing, or `undefined`. */
  problem(): string | undefined;
  /** Ends the watch with a last read. */
  stop(): Promise<void>;
}

/**
 * Reads the metrics of the service, and again every `intervalMs` until the watch is stopped. Resolves after the first read.
 * A service without metrics is not an error; `problem` reports it.
 */
export async function watchResources(url: URL, intervalMs: number, secondsNow: () => number): Promise<ResourceWatch> {
  const rows: ResourceRow[] = [];
  const stopping = new AbortController();
  let problem: string | undefined;
  let before: { readonly seconds: number; readonly cpuSeconds: number } | undefined;
  await read();
  const watching = watch();
  return {
    rows,
    problem: () => problem,
    async stop() {
      stopping.abort();
      await watching;
      await read();
    },
  };

  async function watch(): Promise<void> {
    for (let next = performance.now() + intervalMs; ; next += intervalMs) {
      await pause(next - performance.now());
      if (stopping.signal.aborted) return;
      await read();
    }
  }

  async function read(): Promise<void> {
    try {
      const { cpuSeconds, ...resources } = await readResources(url);
      const seconds = secondsNow();
      // The sum falls when a worker is replaced, since the CPU time of the old worker is gone.
      const used = cpuSeconds === undefined || before === undefined ? -1 : cpuSeconds - before.cpuSeconds;
      rows.push({ seconds, ...resources, ...(used >= 0 && { cores: used / (seconds - before!.seconds) }) });
      if (cpuSeconds !== undefined) before = { seconds, cpuSeconds };
    } catch (error) {
      const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
      problem = `${url.href} cannot be read: ${cause?.code ?? message}`;
    }
  }

  function pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, milliseconds));
      stopping.signal.addEventListener('abort', done);
    });
  }
}
