import type { Worker } from 'node:cluster';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { metrics } from '@opentelemetry/api';
import { type Config, ConfigError } from '../platform/config.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { instrumentOptions } from '../telemetry/metric-definition.ts';
import { ATTRIBUTE, LABEL, SCOPE, WORKER_METRIC } from '../telemetry/names.ts';
import { type End, fork } from './fork.ts';
import { forwardLines } from './forward-lines.ts';
import { ProcessEnded } from './lifecycle.ts';
import type { ToSupervisor, ToWorker } from './messages.ts';
import { createCountsPool } from './pooled-counts.ts';
import { relayRoleChanges } from './role-changes.ts';

/** A worker that has lived so long did not fail for want of something to start with: it is replaced at once. */
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;

/** What a worker takes at most to hand over its telemetry after it was cut off, and to end. */
const LAST_GASP_MS = 1_500;

/** How long the last lines of a worker are waited for. */
const LAST_LINES_MS = 500;

export interface Supervisor {
  /** Where all workers listen. */
  readonly url: string;
  /** Ends the workers, each after its last response. */
  stop(): Promise<void>;
}

/**
 * Runs `WORKERS` processes that serve on one port, and replaces those that end. It resolves when all of them are ready
 * for the first time.
 *
 * @param out where their lines go: each writes whole ones, and they are kept whole
 * @throws {ConfigError} or {ProcessEnded} if a worker does not get ready that first time
 */
export async function startSupervisor(
  config: Config,
  log: Log,
  out: { write(text: string): unknown },
): Promise<Supervisor> {
  const counted = WORKER_METRIC.replacements;
  const replacements = metrics.getMeter(SCOPE).createCounter(counted.name, instrumentOptions(counted));
  const pool = createCountsPool();
  relayRoleChanges();
  const living = new Set<Worker>();
  const stopping = new AbortController();
  const started = Promise.withResolvers<string>();
  let unready = config.WORKERS;
  let url: string | undefined;
  let port = String(config.PORT);

  /** One worker from its start to its end. */
  async function run(workerIndex: number): Promise<{ end: End; refusal: string | undefined }> {
    const { worker, ended } = fork(workerIndex, { PORT: port });
    living.add(worker);
    let refusal: string | undefined;
    worker.on('message', (message: ToSupervisor) => {
      if (message.kind === 'refused') refusal = message.message;
      if (message.kind === 'counted' && worker.isConnected()) {
        worker.send({ kind: 'counts', counts: pool(message.counts) } satisfies ToWorker);
      }
      if (message.kind !== 'ready') return;
      url ??= message.url;
      if (message.url !== url) {
        // With port 0 all share the one that was found, until none of them is left: the next would find another one.
        port = new URL(url).port;
        refusal = `it came to listen on ${message.url}`;
        worker.process.kill('SIGKILL');
        return;
      }
      log.info('worker ready', describe(workerIndex, worker));
      unready -= 1;
      if (unready === 0) started.resolve(url);
    });
    const written = worker.process.stdout ? forwardLines(worker.process.stdout, out) : undefined;
    const end = await ended;
    living.delete(worker);
    // Whoever it has started itself may still have its stdout open.
    await Promise.race([written, delay(LAST_LINES_MS, undefined, { ref: false })]);
    const record = {
      ...describe(workerIndex, worker),
      ...describeEnd(end),
      ...(refusal && { [ATTRIBUTE.reason]: refusal }),
    };
    if (unready <= 0 && !stopping.signal.aborted) (end.code === 0 ? log.warn : log.error)('worker ended', record);
    return { end, refusal };
  }

  /** Keeps a workerIndex filled until the service stops. */
  async function fill(workerIndex: number): Promise<void> {
    replacements.add(0, { [LABEL.worker]: String(workerIndex) });
    for (let pause = 0; !stopping.signal.aborted; ) {
      const began = performance.now();
      const { end, refusal } = await run(workerIndex);
      if (stopping.signal.aborted) return;
      if (unready > 0) {
        started.reject(refusal === undefined ? new ProcessEnded(exitCode(end)) : new ConfigError(refusal));
        return;
      }
      pause =
        performance.now() - began > STEADY_MS ? 0 : Math.min(Math.max(FIRST_PAUSE_MS, pause * 2), LONGEST_PAUSE_MS);
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) replacements.add(1, { [LABEL.worker]: String(workerIndex) });
    }
  }

  const runs = Array.from({ length: config.WORKERS }, (_, at) => fill(at + 1));

  async function stop(): Promise<void> {
    stopping.abort();
    for (const worker of living) worker.process.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const worker of living) worker.process.kill('SIGKILL');
    }, config.SHUTDOWN_TIMEOUT_MS + LAST_GASP_MS);
    await Promise.all(runs);
    clearTimeout(late);
  }

  try {
    return { url: await started.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(workerIndex: number, worker: Worker): Record<string, string | number> {
  return { [ATTRIBUTE.worker]: workerIndex, [ATTRIBUTE.pid]: worker.process.pid ?? 0 };
}

function describeEnd({ code, signal, error }: End): Record<string, string | number> {
  if (error) return { [ATTRIBUTE.reason]: error.message };
  return signal === null ? { [ATTRIBUTE.exitCode]: code ?? 0 } : { [ATTRIBUTE.signal]: signal };
}

/** As a shell gives it. */
function exitCode({ code, signal, error }: End): number {
  if (error) return 1;
  return code ?? 128 + (signal === null ? 0 : (constants.signals[signal as NodeJS.Signals] ?? 0));
}
