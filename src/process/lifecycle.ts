import { setFlagsFromString } from 'node:v8';
import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Config, ConfigError, EXIT_CONFIG } from '../platform/config.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { findMissingInstrumentation, shutdownSdk } from '../telemetry/sdk/sdk-handle.ts';
import { turnedOffSdk } from '../telemetry/sdk/second-sdk.ts';
import { unsupportedExporters } from '../telemetry/sdk/unsupported-exporters.ts';
import { onStopSignal, type StopSignal } from './stop-signals.ts';

/** A running service. */
interface Running {
  /** Stops accepting requests, and resolves after the last response, at the latest after `timeoutMs`. */
  stop(timeoutMs: number): Promise<void>;
}

/** The supervisor of a worker process. Workers report to it, and it logs for all of them. */
export interface SupervisorLink {
  reportReady(): Promise<void>;
  /** Reports a setting that cannot be used. */
  reportRefused(message: string): Promise<void>;
  /** Calls `listener` when the supervisor has ended, for any reason. */
  onGone(listener: () => void): void;
}

/** A process that this one depends on has ended, and has reported the reason. This process ends with the same code. */
export class ProcessEnded extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

/** The time in which a process that crashed, or was stopped during its start, can export its telemetry. */
const CRASH_EXPORT_MS = 500;

/** The part of the shutdown timeout for the export of telemetry, after the last response: at most two fifths of it. */
const MAX_EXPORT_MS = 1_500;

/** The part of the shutdown timeout for the last log lines: at most a tenth of it. */
const MAX_FLUSH_MS = 500;

/** The share of the remaining time that the log gets. The rest is for the exit itself. */
const FLUSH_SHARE = 0.8;

/**
 * Lets each thread that starts from now on have a young generation of its own size (`resourceLimits`). V8's option for it
 * (`npm start`) is for the main thread, whose heap exists by now, but would come before the limits of other threads.
 */
export function allowLimitsOfThreads(): void {
  setFlagsFromString('--max-semi-space-size=0');
}

/** Returns the part of `SHUTDOWN_TIMEOUT_MS` in which a service must stop. The rest is for its telemetry and its log. */
export function stopTimeoutMs(config: Pick<Config, 'SHUTDOWN_TIMEOUT_MS'>): number {
  const exportMs = Math.min(MAX_EXPORT_MS, config.SHUTDOWN_TIMEOUT_MS * 0.4);
  return config.SHUTDOWN_TIMEOUT_MS - exportMs - flushTimeoutMs(config);
}

function flushTimeoutMs({ SHUTDOWN_TIMEOUT_MS }: Pick<Config, 'SHUTDOWN_TIMEOUT_MS'>): number {
  return Math.min(MAX_FLUSH_MS, SHUTDOWN_TIMEOUT_MS * 0.1);
}

/**
 * Runs a service until its process ends. Starts the service and logs that it is ready. On SIGTERM, SIGINT or SIGHUP it
 * completes the requests in progress, exports the telemetry, and exits. A signal during the start ends the process at once.
 *
 * @param start starts the service, and resolves when it is ready
 * @param describe returns the attributes of the log record `ready`
 * @param supervisor gets the reports instead of the log. When it has ended, the process ends as on SIGTERM.
 */
export async function runProcess<R extends Running>(
  config: Config,
  log: Log,
  start: () => Promise<R>,
  describe: (running: R) => Record<string, string>,
  supervisor?: SupervisorLink,
): Promise<R> {
  allowLimitsOfThreads();
  process.once('uncaughtException', (error) => void fail(error, log, supervisor));
  onStopSignal((signal) => void endStart(signal, supervisor ? () => {} : log.info, log));
  reportSdkProblems(log);
  if (config.OTEL_SDK_DISABLED) {
    log.info('telemetry is off (OTEL_SDK_DISABLED)');
  } else {
    const missing = findMissingInstrumentation();
    if (missing) log.warn(`requests are not traced: ${missing}`);
    const secondSdk = turnedOffSdk();
    if (secondSdk !== undefined && !supervisor) {
      log.warn(`another OpenTelemetry SDK was loaded before (${secondSdk}) and is turned off; start without it`);
    }
    if (!supervisor) for (const line of unsupportedExporters(config)) log.warn(line);
  }

  try {
    const running = await start();
    const stop = stopOnSignal(running, config, log, supervisor !== undefined);
    if (supervisor) {
      supervisor.onGone(() => void stop('the supervisor has ended'));
      await supervisor.reportReady();
    } else {
      log.info('ready', { ...describe(running), [ATTRIBUTE.startupSeconds]: Math.round(performance.now()) / 1000 });
    }
    return running;
  } catch (error) {
    return fail(error, log, supervisor);
  }
}

/** Ends a process that is still starting. No request was accepted yet that could be answered. */
async function endStart(signal: StopSignal, logStop: Log['info'], log: Log): Promise<never> {
  onStopSignal(() => {});
  logStop('stopping', { [ATTRIBUTE.signal]: signal });
  logStop('stopped', { [ATTRIBUTE.shutdownSeconds]: 0 });
  await Promise.all([log.flush(CRASH_EXPORT_MS), shutdownSdk(CRASH_EXPORT_MS)]);
  process.exit(0);
}

/**
 * Stops the service on SIGTERM, SIGINT and SIGHUP. The whole stop takes at most `SHUTDOWN_TIMEOUT_MS`.
 *
 * @param quiet leaves the log records to the supervisor
 * @returns a function that stops the service for another reason
 */
function stopOnSignal(running: Running, config: Config, log: Log, quiet: boolean) {
  const { SHUTDOWN_TIMEOUT_MS } = config;
  let stopping = false;
  const logStop: Log['info'] = quiet ? () => {} : log.info;
  const stop = async (reason: string) => {
    // npm and the terminal can both send a signal for one Ctrl-C, so the second one has no meaning.
    if (stopping) return;
    stopping = true;
    const started = performance.now();
    const remainingMs = () => SHUTDOWN_TIMEOUT_MS - (performance.now() - started);
    setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS);
    logStop('stopping', { [ATTRIBUTE.signal]: reason });
    await stopInTime(running, stopTimeoutMs(config), log);
    const exported = await shutdownSdk(remainingMs() - flushTimeoutMs(config));
    if (!exported) log.warn('telemetry was lost: its receiver did not accept it in time');
    logStop('stopped', { [ATTRIBUTE.shutdownSeconds]: Math.round(performance.now() - started) / 1000 });
    await log.flush(remainingMs() * FLUSH_SHARE);
    process.exit(0);
  };
  onStopSignal((signal) => void stop(signal));
  return stop;
}

/** Stops a service. Logs if a part of it fails or does not stop in time, and leaves it behind. */
async function stopInTime(running: Running, timeoutMs: number, log: Log): Promise<void> {
  const timeout = new Promise<string>((resolve) => {
    setTimeout(
      resolve,
      timeoutMs + Math.min(timeoutMs * 0.05, 100),
      'a part of the service did not stop in time',
    ).unref();
  });
  const fault = await Promise.race([running.stop(timeoutMs).catch((error: unknown) => error), timeout]);
  if (fault !== undefined) log.warn('shutdown incomplete', exceptionAttributes(fault));
}

/** Ends the process, with one line for a bad setting, or with a log record for any other error. */
async function fail(error: unknown, log: Log, supervisor: SupervisorLink | undefined): Promise<never> {
  if (error instanceof ConfigError) {
    await log.flush();
    if (supervisor) await supervisor.reportRefused(error.message);
    else process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
  if (error instanceof ProcessEnded) {
    await log.flush();
    process.exit(error.code);
  }
  log.fatal('the service ended', exceptionAttributes(error));
  await Promise.all([log.flush(), shutdownSdk(CRASH_EXPORT_MS)]);
  process.exit(1);
}

/** Writes the diagnostic messages of the SDK to the log, each message at most once a minute. */
function reportSdkProblems({ error, warn }: Log): void {
  const last = new Map<string, number>();
  const oncePerMinute = (write: Log['warn']) => (message: string) => {
    const now = performance.now();
    // Messages that differ only in a number, such as the number of dropped spans, count as the same.
    const kind = message.replace(/\d+/g, '0');
    if (now - (last.get(kind) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    if (last.size > 100) last.clear();
    last.set(kind, now);
    // The context of the current request does not belong to the message.
    write('telemetry problem', { [ATTRIBUTE.reason]: message }, ROOT_CONTEXT);
  };
  const ignore = () => {};
  diag.setLogger(
    { error: oncePerMinute(error), warn: oncePerMinute(warn), info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
