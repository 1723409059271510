import { type Resources, readResources } from './service-metrics.ts';

/** What the service used at one moment. */
export interface ResourceRow extends Omit<Resources, 'cpuSeconds'> {
  /** Since the start of the run. */
  readonly seconds: number;
  /** How many cores were busy on average since the row before. */
  readonly cores?: number;
}

export interface ResourceWatch {
  readonly rows: readonly ResourceRow[];
  /** Why there are no rows, or not all. */
  problem(): string | undefined;
  stop(): Promise<void>;
}

/** Reads the service's metrics again and again until it is stopped. A service without metrics is a fact, no error. */
export function watchResources(url: URL, intervalMs: number, secondsNow: () => number): ResourceWatch {
  const rows: ResourceRow[] = [];
  const stopping = new AbortController();
  let problem: string | undefined;
  let before: { readonly seconds: number; readonly cpuSeconds: number } | undefined;
  const watching = watch();
  return {
    rows,
    problem: () => problem,
    stop() {
      stopping.abort();
      return watching;
    },
  };

  async function watch(): Promise<void> {
    for (let next = performance.now(); !stopping.signal.aborted; next += intervalMs) {
      await read();
      await pause(next + intervalMs - performance.now());
    }
  }

  async function read(): Promise<void> {
    try {
      const { cpuSeconds, ...resources } = await readResources(url);
      const seconds = secondsNow();
      // A worker that was replaced takes its time along.
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
