import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { STACK_CHECKS } from './check/check.ts';
import { createTraffic } from './check/traffic.ts';
import { banner } from './next-steps.ts';
import { statusMark, step } from './progress.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';

const HELP = `Usage: npm run stack [-- options]

Runs the whole system as native processes on the configuration under otel/: the service, the mail gateway,
an OpenTelemetry Collector, Jaeger, Prometheus, Alertmanager and VictoriaLogs. The first run installs missing programs.

  npm run stack                  starts everything, prints the URLs, and runs until Ctrl-C
  npm run stack -- --check       starts on free ports, sends real mail, verifies the telemetry, stops; exits 0 or 1
  npm run stack -- --data DIR    the folder for data and logs (default: data/stack)
  npm run stack -- --help        prints this text
`;

/**
 * The time after an interrupt in which a second one is a copy: npm forwards the signal that the terminal already sent.
 */
const SAME_KEYSTROKE_MS = 1_000;
const INTERRUPTED_EXIT = 130;

const interruption = new AbortController();
let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!interruption.signal.aborted) {
      interruptedAt = performance.now();
      interruption.abort(new Error('interrupted'));
    } else if (performance.now() - interruptedAt > SAME_KEYSTROKE_MS) {
      // A second Ctrl-C: exit at once, which kills all started processes.
      process.exit(INTERRUPTED_EXIT);
    }
  });
}

try {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      data: { type: 'string', default: 'data/stack' },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.help) process.stdout.write(HELP);
  else process.exitCode = values.check ? await check() : await serve(resolve(values.data));
} catch (error) {
  process.stderr.write(`${statusMark(false)} ${messageOf(error)}\n`);
  process.exitCode = interruption.signal.aborted ? INTERRUPTED_EXIT : 1;
}

async function serve(folder: string): Promise<number> {
  const stack = await begin({ folder, ports: 'well-known', pace: 'normal' });
  process.stdout.write(banner(stack.urls, folder));
  const failure = await Promise.race([stack.failed, once(interruption.signal, 'abort').then(() => undefined)]);
  if (failure) process.stderr.write(`${statusMark(false)} ${failure}\n`);
  await step(process.stdout, 'stop', stack.stop);
  return failure ? 1 : 0;
}

async function check(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-check-'));
  const stack = await begin({ folder, ports: 'free', pace: 'fast' });
  let passed = true;
  try {
    const broken = Promise.race([stack.failed, once(interruption.signal, 'abort').then(() => 'interrupted')]).then(
      (reason) => {
        throw new Error(reason);
      },
    );
    // The rejection ends a running check early. After the last check, it must not count as unhandled.
    broken.catch(() => undefined);
    const traffic = await createTraffic(stack.urls.service);
    for (const { title, run } of STACK_CHECKS) {
      const result = await Promise.race([run(stack.urls, traffic), broken]).catch((error: unknown) => {
        passed = false;
        return messageOf(error);
      });
      process.stdout.write(`${statusMark(passed)} ${title}: ${result}\n`);
      if (!passed) break;
    }
  } finally {
    await step(process.stdout, 'stop', stack.stop);
  }
  if (passed) await rm(folder, { recursive: true });
  else process.stderr.write(`The logs of all components are in ${join(folder, 'logs')}\n`);
  return passed ? 0 : 1;
}

function begin(options: Pick<StackOptions, 'folder' | 'ports' | 'pace'>): Promise<Stack> {
  return startStack({ ...options, output: process.stdout, signal: interruption.signal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
