import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { CHECKS } from './check/check.ts';
import { mark, step } from './progress.ts';
import { type Stack, type StackOptions, startStack } from './stack.ts';
import { traffic } from './check/traffic.ts';

const HELP = `Runs the whole system as native processes on the configuration under otel/: the service, the mail
gateway, an OpenTelemetry Collector, Jaeger, Prometheus, Alertmanager and VictoriaLogs. The first run installs what is missing.

  npm run stack                  start, print the URLs, run until Ctrl-C
  npm run stack -- --check       start on free ports, send real mail through, verify what arrived, stop; exits 0 or 1
  npm run stack -- --data DIR    where data and logs are kept between runs (default data/stack)
  npm run stack -- --help        this text
`;

const SAME_KEYSTROKE_MS = 1_000;

const interruption = new AbortController();
let interruptedAt = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!interruption.signal.aborted) {
      interruptedAt = performance.now();
      interruption.abort(new Error('interrupted'));
    } else if (performance.now() - interruptedAt > SAME_KEYSTROKE_MS) {
      // npm hands on what the terminal has sent already; later than that, somebody does not want to wait.
      // Leaving ends, by force, all that was started.
      process.exit(130);
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
  process.stderr.write(`${mark(false)} ${messageOf(error)}\n`);
  process.exitCode = interruption.signal.aborted ? 130 : 1;
}

async function serve(folder: string): Promise<number> {
  const stack = await begin({ folder, ports: 'well-known', pace: 'normal' });
  process.stdout.write(`
  Waymark        ${stack.urls.service}
  its metrics    ${stack.urls.metrics}
  mail gateway   ${stack.urls.gateway}/messages, ${stack.urls.gatewaySmtp}
  Jaeger         ${stack.urls.jaeger}
  Prometheus     ${stack.urls.prometheus}
  Alertmanager   ${stack.urls.alertmanager}
  VictoriaLogs   ${stack.urls.victoriaLogs}/select/vmui/
  data and logs  ${folder}

Ctrl-C stops everything.
`);
  const failure = await Promise.race([stack.failed, once(interruption.signal, 'abort').then(() => undefined)]);
  if (failure) process.stderr.write(`${mark(false)} ${failure}\n`);
  await step(process.stdout, 'stop', stack.stop);
  return failure ? 1 : 0;
}

async function check(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-check-'));
  const stack = await begin({ folder, ports: 'free', pace: 'fast' });
  let good = true;
  try {
    const broken = Promise.race([stack.failed, once(interruption.signal, 'abort').then(() => 'interrupted')]).then(
      (reason) => {
        throw new Error(reason);
      },
    );
    // Rejects only to end a check early; where every check has passed nobody listens any more.
    broken.catch(() => undefined);
    const mails = await traffic(stack.urls.service);
    for (const { title, run } of CHECKS) {
      const outcome = await Promise.race([run(stack.urls, mails), broken]).catch((error: unknown) => {
        good = false;
        return messageOf(error);
      });
      process.stdout.write(`${mark(good)} ${title}: ${outcome}\n`);
      if (!good) break;
    }
  } finally {
    await step(process.stdout, 'stop', stack.stop);
  }
  if (good) await rm(folder, { recursive: true });
  else process.stderr.write(`The logs of every component are in ${join(folder, 'logs')}\n`);
  return good ? 0 : 1;
}

function begin(options: Pick<StackOptions, 'folder' | 'ports' | 'pace'>): Promise<Stack> {
  return startStack({ ...options, output: process.stdout, signal: interruption.signal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
