import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../tools/stack/ports.ts';
import { start } from '../tools/stack/processes.ts';
import { postJson, readMails } from '../tools/stack/check/traffic.ts';
import { benchService } from './harness/service.ts';
import { type OpenLoadResult, percentile, sendSteadily } from './harness/open-load.ts';
import { addVersion, isTurned, removeVersion } from './swaps/versions.ts';

const PER_SECOND = 500;
const SWAPPING_SECONDS = 60;

interface Mail {
  readonly text: string;
  /** What the bundled model calls it. */
  readonly label: string;
}

/**
 * Changes the version of a model every second under load, and prints what the requests noticed of it: first between two
 * versions in turn, then to a new version each time, of 2 MB, which appears in the models folder and has to be read. The
 * one before the last is taken away.
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
    benchService(ports, { DATA_DIR: join(folder, 'data'), MODELS_DIR: models }),
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
    process.stderr.write('changing\n');
    await addVersion(models, '2');
    const inTurn = await Promise.all([load(SWAPPING_SECONDS), changeEverySecond(url, twoInTurn)]);
    process.stderr.write('changing to new versions\n');
    const toNew = await Promise.all([
      load(SWAPPING_SECONDS),
      changeEverySecond(url, (at) => newVersion(models, at + 2)),
    ]);
    report(quiet, inTurn, toNew);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The sample mails, with the label that the bundled model gives them. */
async function labelled(url: string): Promise<Mail[]> {
  const mails: Mail[] = [];
  for (const { text } of await readMails()) {
    const { prediction } = (await postJson(`${url}/predict`, { text })) as { prediction: string };
    mails.push({ text, label: prediction });
  }
  return mails;
}

/** @param next the version that is made active by the change of that number, from 1 on */
async function changeEverySecond(url: string, next: (change: number) => Promise<string>): Promise<number> {
  const started = performance.now();
  let changes = 0;
  while (changes < SWAPPING_SECONDS - 1) {
    await delay(Math.max(0, started + (changes + 1) * 1000 - performance.now()));
    changes += 1;
    const version = await next(changes);
    await postJson(`${url}/models/spam/activate`, { version, why: 'the benchmark changes it every second' });
  }
  return changes;
}

const twoInTurn = async (change: number) => (change % 2 === 1 ? '2' : '1');

async function newVersion(models: string, number: number): Promise<string> {
  await addVersion(models, String(number));
  await removeVersion(models, String(number - 2));
  return String(number);
}

type Changing = readonly [result: OpenLoadResult, changes: number];

function report(quiet: OpenLoadResult, inTurn: Changing, toNew: Changing): void {
  const row = (name: string, [result, changes]: Changing) => {
    const { sent, errors, mismatches, byVersion } = result;
    const times = [0.5, 0.99, 0.999, 1].map((share) => `${percentile(result, share).toFixed(1)} ms`);
    const cells = [name, sent, changes, byVersion.size, errors.length, mismatches.length, ...times];
    return `| ${cells.join(' | ')} |`;
  };
  const ratio = ([result]: Changing) => percentile(result, 0.99) / percentile(quiet, 0.99);
  const lines = [
    `### A version change every second, ${PER_SECOND} mails a second`,
    '',
    '| | requests | changes | versions that answered | errors | label and version disagree | p50 | p99 | p99.9 | longest |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('quiet', [quiet, 0]),
    row('two versions in turn', inTurn),
    row('a new version each time', toNew),
    '',
    `p99 is ${ratio(inTurn).toFixed(2)} times the quiet one with two versions in turn, ${ratio(toNew).toFixed(2)} times with new ones.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const broken = [quiet, inTurn[0], toNew[0]].flatMap(({ errors, mismatches }) => [...errors, ...mismatches]);
  for (const sentence of new Set(broken.slice(0, 10))) process.stderr.write(`${sentence}\n`);
  const [changed, changes] = toNew;
  if (broken.length > 0 || changed.byVersion.size <= changes / 2 || ratio(inTurn) > 2) process.exitCode = 1;
}
