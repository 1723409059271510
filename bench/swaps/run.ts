import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../../otel/stack/ports.ts';
import { start } from '../../otel/stack/processes.ts';
import { readMails } from '../../otel/stack/traffic.ts';
import { type OpenLoadResult, sendSteadily } from './open-load.ts';
import { addVersion, isTurned, removeVersion } from './versions.ts';

const PROJECT = join(import.meta.dirname, '../..');
const PER_SECOND = 500;
const SWAPPING_SECONDS = 60;

interface Mail {
  readonly text: string;
  /** What the bundled model calls it. */
  readonly label: string;
}

/**
 * Changes the version of a model every second under load, and prints what the requests noticed of it. Each second a new
 * version of 2 MB appears in the models folder and is made active; the one before the last is taken away.
 *
 * @param full compares with a quiet time of the same length; else with one of a third of it
 */
export async function runSwapsBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-swaps-'));
  const models = join(folder, 'models');
  await addVersion(models, '1');
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const service = await start(
    {
      name: 'waymark',
      file: 'taskset',
      args: ['-c', '0', process.execPath, '--import', './otel/preload.ts', 'src/main.ts'],
      env: {
        PORT: String(ports.service),
        OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.serviceMetrics),
        DATA_DIR: join(folder, 'data'),
        MODELS_DIR: models,
      },
      cwd: PROJECT,
      health: `${url}/readyz`,
      stopWithinMs: 15_000,
    },
    join(folder, 'service.log'),
    new AbortController().signal,
  );
  try {
    const texts = await labelled(url);
    const load = (seconds: number) =>
      sendSteadily({
        url,
        perSecond: PER_SECOND,
        seconds,
        texts,
        isRight: (mail, { prediction, model }) => (prediction === mail.label) !== isTurned(model.version),
      });
    await load(5);
    process.stderr.write('quiet\n');
    const quiet = await load(full ? SWAPPING_SECONDS : SWAPPING_SECONDS / 3);
    process.stderr.write('swapping\n');
    const [swapping, swaps] = await Promise.all([load(SWAPPING_SECONDS), swapEverySecond(url, models)]);
    report(quiet, swapping, swaps);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sample mails, with the label that the bundled model gives them. */
async function labelled(url: string): Promise<Mail[]> {
  const mails: Mail[] = [];
  for (const { text } of await readMails()) {
    const { prediction } = (await post(`${url}/predict`, { text })) as { prediction: string };
    mails.push({ text, label: prediction });
  }
  return mails;
}

async function swapEverySecond(url: string, models: string): Promise<number> {
  const started = performance.now();
  let swaps = 0;
  while (swaps < SWAPPING_SECONDS - 1) {
    await delay(Math.max(0, started + (swaps + 1) * 1000 - performance.now()));
    swaps += 1;
    const version = String(swaps + 1);
    await addVersion(models, version);
    await post(`${url}/models/spam/activate`, { version, why: 'the benchmark changes it every second' });
    await removeVersion(models, String(swaps - 1));
  }
  return swaps;
}

async function post(url: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

function report(quiet: OpenLoadResult, swapping: OpenLoadResult, swaps: number): void {
  const quantile = ({ milliseconds }: OpenLoadResult, share: number) =>
    milliseconds[Math.min(milliseconds.length - 1, Math.floor(share * milliseconds.length))]!;
  const row = (name: string, changes: number, result: OpenLoadResult) => {
    const { sent, errors, mismatches, byVersion } = result;
    const times = [0.5, 0.99, 0.999, 1].map((share) => `${quantile(result, share).toFixed(1)} ms`);
    const cells = [name, sent, changes, byVersion.size, errors.length, mismatches.length, ...times];
    return `| ${cells.join(' | ')} |`;
  };
  const ratio = quantile(swapping, 0.99) / quantile(quiet, 0.99);
  const lines = [
    `### A version change every second, ${PER_SECOND} mails a second`,
    '',
    '| | requests | changes | versions that answered | errors | label and version disagree | p50 | p99 | p99.9 | longest |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('quiet', 0, quiet),
    row('swapping', swaps, swapping),
    '',
    `p99 while swapping is ${ratio.toFixed(2)} times the quiet one.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const broken = [quiet, swapping].flatMap(({ errors, mismatches }) => [...errors, ...mismatches]);
  for (const sentence of new Set(broken.slice(0, 10))) process.stderr.write(`${sentence}\n`);
  if (broken.length > 0 || swapping.byVersion.size <= swaps / 2 || ratio > 2) process.exitCode = 1;
}
