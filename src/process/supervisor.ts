import type { Worker } from 'node:cluster';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { metrics } from '@opentelemetry/api';
import { type Config, ConfigError } from '../platform/config.ts';
import { forwardLines } from '../telemetry/logs/forward-lines.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { instrumentOptions } from '../telemetry/metric-definition.ts';
import { ATTRIBUTE, LABEL, SCOPE, WORKER_METRIC } from '../telemetry/names.ts';
import { relayQuestions } from './ask-workers.ts';
import { fork, type WorkerEnd } from './fork.ts';
import { ProcessEnded, stopTimeoutMs } from './lifecycle.ts';
import type { ToSupervisor, ToWorker } from './messages.ts';
import { relayModelChanges } from './model-changes.ts';
import { createCountsPool } from './pooled-counts.ts';
import { createSharedPort } from './shared-port.ts';

/** After this time the start of a worker was successful, so it is replaced without a pause. */
const STEADY_MS = 10_000;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 10_000;

/** The share of the supervisor's time to stop that its workers get as their shutdown timeout. */
const WORKER_SHARE = 0.95;

/** The time limit for the last log lines of a worker that has ended. */
const LAST_LINES_MS = 500;

/** The running supervisor. */
export interface Supervisor {
  /** The URL on which all workers listen. */
  readonly url: string;
  /** Stops the workers, each after its last response. After `timeoutMs` it kills them. */
  stop(timeoutMs?: number): Promise<void>;
}

/**
 * Runs `WORKERS` processes that serve on one port, and replaces those that end. Resolves when all of them are ready for the
 * first time.
 *
 * @param out the destination of the log lines of all workers.
 * @throws {ConfigError} if a worker rejects a setting at its first start
 * @throws {ProcessEnded} if a worker ends for another reason before any worker was ready
 */
export async function startSupervisor(
  config: Config,
  log: Log,
  out: { write(text: string): unknown },
): Promise<Supervisor> {
  const metric = WORKER_METRIC.replacements;
  const replacements = metrics.getMeter(SCOPE).createCounter(metric.name, instrumentOptions(metric));
  const pool = createCountsPool();
  relayModelChanges();
  relayQuestions();
  const living = new Set<Worker>();
  const stopping = new AbortController();
  const started = Promise.withResolvers<string>();
  let unready = config.WORKERS;
  /** True once a worker was ready. The port is open then, so the end of a worker must not end the service. */
  let hasServed = false;
  const port = createSharedPort(config, (error) => log.error('connection failed', exceptionAttributes(error)));
  // A worker ends by itself before this process kills it, so that its last telemetry arrives.
  const workerTimeoutMs = Math.ceil(stopTimeoutMs(config) * WORKER_SHARE);

  /** Lets a worker serve. The port opens with the first one that is ready. */
  async function admit(workerIndex: number, worker: Worker): Promise<void> {
    const url = await port.open();
    port.add(worker);
    log.info('worker ready', describe(workerIndex, worker));
    hasServed = true;
    unready -= 1;
    if (unready === 0) started.resolve(url);
  }

  /** Runs one worker from its start to its end. */
  async function run(workerIndex: number): Promise<{ end: WorkerEnd; refusal: string | undefined }> {
    const { worker, ended } = fork(workerIndex, { SHUTDOWN_TIMEOUT_MS: String(workerTimeoutMs) });
    living.add(worker);
    let refusal: string | undefined;
    let isReady = false;
    worker.on('message', (message: ToSupervisor) => {
      if (message.kind === 'refused') refusal = message.message;
      if (message.kind === 'counted' && worker.isConnected()) {
        worker.send({ kind: 'counts', counts: pool(message.counts) } satisfies ToWorker);
      }
      if (message.kind === 'ready') {
        isReady = true;
        admit(workerIndex, worker).catch(started.reject);
      }
    });
    const written = worker.process.stdout ? forwardLines(worker.process.stdout, out) : undefined;
    const end = await ended;
    living.delete(worker);
    port.remove(worker);
    // A child process of the worker may keep its stdout open.
    await Promise.race([written, delay(LAST_LINES_MS, undefined, { ref: false })]);
    const record = {
      ...describe(workerIndex, worker),
      ...describeEnd(end),
      ...(refusal && { [ATTRIBUTE.reason]: refusal }),
    };
    if (hasServed && !stopping.signal.aborted) (end.code === 0 ? log.warn : log.error)('worker ended', record);
    // Until the first start of all workers has ended, its replacement must become ready.
    if (isReady && unready > 0) unready += 1;
    return { end, refusal };
  }

  /** Runs a worker, and replacements of it, until the service stops. */
  async function keepRunning(workerIndex: number): Promise<void> {
    replacements.add(0, { [LABEL.worker]: String(workerIndex) });
    for (let pause = 0; !stopping.signal.aborted; ) {
      const startedAt = performance.now();
      const { end, refusal } = await run(workerIndex);
      if (stopping.signal.aborted) return;
      if (unready > 0 && (refusal !== undefined || !hasServed)) {
        started.reject(refusal === undefined ? new ProcessEnded(exitCode(end)) : new ConfigError(refusal));
        return;
      }
      pause =
        performance.now() - startedAt > STEADY_MS ? 0 : Math.min(Math.max(FIRST_PAUSE_MS, pause * 2), MAX_PAUSE_MS);
      await delay(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) replacements.add(1, { [LABEL.worker]: String(workerIndex) });
    }
  }

  // Without a signal a worker that has hardly started would report that its supervisor is gone.
  const stopStarting = () => {
    for (const worker of living) worker.process.kill('SIGTERM');
  };
  process.once('exit', stopStarting);
  const runs = Array.from({ length: config.WORKERS }, (_, at) => keepRunning(at + 1));

  async function stop(timeoutMs = config.SHUTDOWN_TIMEOUT_MS): Promise<void> {
    stopping.abort();
    port.closeWithWorkers();
    for (const worker of living) worker.process.kill('SIGTERM');
    const killTimer = setTimeout(() => {
      for (const worker of living) worker.process.kill('SIGKILL');
    }, timeoutMs);
    await Promise.all(runs);
    clearTimeout(killTimer);
  }

  try {
    const startedUrl = await started.promise;
    process.off('exit', stopStarting);
    return { url: startedUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(workerIndex: number, worker: Worker): Record<string, string | number> {
  return { [ATTRIBUTE.worker]: workerIndex, [ATTRIBUTE.pid]: worker.process.pid ?? 0 };
}

function describeEnd({ code, signal, error }: WorkerEnd): Record<string, string | number> {
  if (error) return { [ATTRIBUTE.reason]: error.message };
  return signal === null ? { [ATTRIBUTE.exitCode]: code ?? 0 } : { [ATTRIBUTE.signal]: signal };
}

/** Returns the exit code as a shell reports it. */
function exitCode({ code, signal, error }: WorkerEnd): number {
  if (error) return 1;
  return code ?? 128 + (signal === null ? 0 : (constants.signals[signal as NodeJS.Signals] ?? 0));
}
