import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Config, ConfigError, EXIT_CONFIG } from '../platform/config.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { findMissingInstrumentation, shutdownSdk } from '../telemetry/sdk/sdk-handle.ts';

/** A running service. */
interface Running {
  /** Stops accepting requests, and resolves after the last response. */
  stop(): Promise<void>;
}

/** The supervisor of a worker process. Workers report to it, and it logs for all of them. */
export interface SupervisorLink {
  reportReady(url: string): Promise<void>;
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

/** The time in which a crashed process can export its telemetry. */
const CRASH_EXPORT_MS = 500;

/**
 * Runs a service until its process ends. Starts the service and logs that it is ready. On SIGTERM or SIGINT it completes
 * the requests in progress, exports the telemetry, and exits.
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
  process.once('uncaughtException', (error) => void fail(error, log, supervisor));
  reportSdkProblems(log);
  if (config.OTEL_SDK_DISABLED) {
    log.info('telemetry is off (OTEL_SDK_DISABLED)');
  } else {
    const missing = findMissingInstrumentation();
    if (missing) log.warn(`requests are not traced: ${missing}`);
  }

  try {
    const running = await start();
    const stop = stopOnSignal(running, config, log, supervisor !== undefined);
    if (supervisor) {
      supervisor.onGone(() => void stop('the supervisor has ended'));
      await supervisor.reportReady(describe(running)[ATTRIBUTE.url] ?? '');
    } else {
      log.info('ready', { ...describe(running), [ATTRIBUTE.startupSeconds]: Math.round(performance.now()) / 1000 });
    }
    return running;
  } catch (error) {
    return fail(error, log, supervisor);
  }
}

/**
 * Stops the service on SIGTERM and SIGINT.
 *
 * @param quiet leaves the log records to the supervisor
 * @returns a function that stops the service for another reason
 */
function stopOnSignal(running: Running, { SHUTDOWN_TIMEOUT_MS }: Config, log: Log, quiet: boolean) {
  let stopping = false;
  const logStop: Log['info'] = quiet ? () => {} : log.info;
  const stop = async (reason: string) => {
    // npm and the terminal can both send a signal for one Ctrl-C, so the second one has no meaning.
    if (stopping) return;
    stopping = true;
    const started = performance.now();
    logStop('stopping', { [ATTRIBUTE.signal]: reason });
    await running.stop();
    const remainingMs = Math.max(SHUTDOWN_TIMEOUT_MS - (performance.now() - started), 1_000);
    if (!(await shutdownSdk(remainingMs))) log.warn('telemetry was lost: its receiver did not accept it in time');
    logStop('stopped', { [ATTRIBUTE.shutdownSeconds]: Math.round(performance.now() - started) / 1000 });
    await log.flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  return stop;
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
