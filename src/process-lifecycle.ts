import { DiagLogLevel, diag, ROOT_CONTEXT } from '@opentelemetry/api';
import { type Config, ConfigError, EXIT_CONFIG } from './config.ts';
import { exceptionAttributes, type Log } from './monitoring/log.ts';
import { missingInstrumentation, shutdownSdk } from './monitoring/sdk.ts';
import { ATTRIBUTE } from './monitoring/telemetry.ts';

/** What a process runs until it is told to stop. */
interface Running {
  /** Stops taking requests, and resolves when the last one is answered. */
  stop(): Promise<void>;
}

/**
 * Runs a service for as long as its process lives: it starts, says that it is ready, and on SIGTERM or SIGINT it answers
 * what is under way, hands over telemetry, and ends.
 *
 * @param start resolves when the service is ready, to what the log should say of it
 */
export async function runProcess<R extends Running>(
  config: Config,
  log: Log,
  start: () => Promise<R>,
  describe: (running: R) => Record<string, string>,
): Promise<void> {
  process.once('uncaughtException', (error) => fail(error, log));
  reportSdkProblems(log);
  if (config.OTEL_SDK_DISABLED) {
    log.info('telemetry is off (OTEL_SDK_DISABLED)');
  } else {
    const missing = missingInstrumentation();
    if (missing) log.warn(`requests are not traced: ${missing}`);
  }

  try {
    const running = await start();
    stopOnSignal(running, config, log);
    log.info('ready', { ...describe(running), [ATTRIBUTE.startupSeconds]: Math.round(performance.now()) / 1000 });
  } catch (error) {
    fail(error, log);
  }
}

function stopOnSignal(running: Running, { SHUTDOWN_TIMEOUT_MS }: Config, log: Log): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    // npm and a terminal can both hand on one Ctrl-C: the second is not impatience.
    if (stopping) return;
    stopping = true;
    const started = performance.now();
    log.info('stopping', { [ATTRIBUTE.signal]: signal });
    await running.stop();
    const left = Math.max(SHUTDOWN_TIMEOUT_MS - (performance.now() - started), 1_000);
    if (!(await shutdownSdk(left))) log.warn('telemetry was given up: its receiver did not take it in time');
    log.info('stopped', { [ATTRIBUTE.shutdownSeconds]: Math.round(performance.now() - started) / 1000 });
    log.flush();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

/** Ends the process: with one line for a bad setting, with a log record for anything else. */
function fail(error: unknown, log: Log): never {
  if (error instanceof ConfigError) {
    log.flush();
    process.stderr.write(`${error.message}\n`);
    process.exit(EXIT_CONFIG);
  }
  log.fatal('the service ended', exceptionAttributes(error));
  log.flush();
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
