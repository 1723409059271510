import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Config, ConfigError, EXIT_CONFIG } from '../platform/config.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { findMissingInstrumentation, shutdownSdk } from '../telemetry/sdk/sdk-handle.ts';

/** What a process runs until it is told to stop. */
interface Running {
  /** Stops taking requests, and resolves when the last one is answered. */
  stop(): Promise<void>;
}

/** What a process has above it that is one of several: it speaks for all of them, so it is told what the log would be. */
export interface SupervisorLink {
  reportReady(url: string): Promise<void>;
  /** A setting cannot be used. */
  reportRefused(message: string): Promise<void>;
  /** Calls back when the parent has ended, however that was. */
  onGone(listener: () => void): void;
}

/** A process that this one depends on has ended, and said why: this one has only to end with the same code. */
export class ProcessEnded extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`ended with ${code}`);
    this.code = code;
  }
}

/** How long a process that crashed still hands over what it knows. */
const LAST_WORDS_MS = 500;

/**
 * Runs a service for as long as its process lives: it starts, says that it is ready, and on SIGTERM or SIGINT it answers
 * what is under way, hands over telemetry, and ends.
 *
 * @param start resolves when the service is ready, to what the log should say of it
 * @param parent who is told instead of the log; when it is gone the process ends as on SIGTERM
 */
export async function runProcess<R extends Running>(
  config: Config,
  log: Log,
  start: () => Promise<R>,
  describe: (running: R) => Record<string, string>,
  parent?: SupervisorLink,
): Promise<R> {
  process.once('uncaughtException', (error) => void fail(error, log, parent));
  reportSdkProblems(log);
  if (config.OTEL_SDK_DISABLED) {
    log.info('telemetry is off (OTEL_SDK_DISABLED)');
  } else {
    const missing = findMissingInstrumentation();
    if (missing) log.warn(`requests are not traced: ${missing}`);
  }

  try {
    const running = await start();
    const stop = stopOnSignal(running, config, log, parent !== undefined);
    if (parent) {
      parent.onGone(() => void stop('the supervisor has ended'));
      await parent.reportReady(describe(running)[ATTRIBUTE.url] ?? '');
    } else {
      log.info('ready', { ...describe(running), [ATTRIBUTE.startupSeconds]: Math.round(performance.now()) / 1000 });
    }
    return running;
  } catch (error) {
    return fail(error, log, parent);
  }
}

/** @param quiet leaves it to the parent to tell */
function stopOnSignal(running: Running, { SHUTDOWN_TIMEOUT_MS }: Config, log: Log, quiet: boolean) {
  let stopping = false;
  const say: Log['info'] = quiet ? () => {} : log.info;
  const stop = async (why: string) => {
    // npm and a terminal can both hand on one Ctrl-C: the second is not impatience.
    if (stopping) return;
    stopping = true;
    const started = performance.now();
    say('stopping', { [ATTRIBUTE.signal]: why });
    await running.stop();
    const left = Math.max(SHUTDOWN_TIMEOUT_MS - (performance.now() - started), 1_000);
    if (!(await shutdownSdk(left))) log.warn('telemetry was given up: its receiver did not take it in time');
    say('stopped', { [ATTRIBUTE.shutdownSeconds]: Math.round(performance.now() - started) / 1000 });
    await log.flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  return stop;
}

/** Ends the process: with one line for a bad setting, with a log record for anything else. */
async function fail(error: unknown, log: Log, parent: SupervisorLink | undefined): Promise<never> {
  if (error instanceof ConfigError) {
    await log.flush();
    if (parent) await parent.reportRefused(error.message);
    else process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
  if (error instanceof ProcessEnded) {
    await log.flush();
    process.exit(error.code);
  }
  log.fatal('the service ended', exceptionAttributes(error));
  await Promise.all([log.flush(), shutdownSdk(LAST_WORDS_MS)]);
  process.exit(1);
}

/** What the SDK has to say goes where all logs go, each message at most once a minute. */
function reportSdkProblems({ error, warn }: Log): void {
  const last = new Map<string, number>();
  const oncePerMinute = (write: Log['warn']) => (message: string) => {
    const now = performance.now();
    // The same message with another figure, such as how many spans were dropped, is the same message.
    const kind = message.replace(/\d+/g, '0');
    if (now - (last.get(kind) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    if (last.size > 100) last.clear();
    last.set(kind, now);
    // It happens to be noticed during some request, and is about none.
    write('telemetry problem', { [ATTRIBUTE.reason]: message }, ROOT_CONTEXT);
  };
  const ignore = () => {};
  diag.setLogger(
    { error: oncePerMinute(error), warn: oncePerMinute(warn), info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
