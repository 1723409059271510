import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { postJson, readMails } from '../tools/stack/check/traffic.ts';
import { freePorts } from '../tools/stack/ports.ts';
import { start } from '../tools/stack/processes.ts';
import { type OpenLoadResult, percentile, sendSteadily } from './harness/open-load.ts';
import { benchService } from './harness/service.ts';

const PROJECT = join(import.meta.dirname, '..');
const PER_SECOND = 500;
const SWAPPING_SECONDS = 60;

interface Mail {
  readonly text: string;
  /** The prediction of the bundled model. */
  readonly label: string;
}

/**
 * Changes the active version of a model every second under load and prints the effect on the requests. First, two
 * versions alternate. Then each change is to a new version of 2 MB, which appears in the models folder and has to be
 * read, and the version before the last is removed.
 *
 * @param full compares with a quiet time of the same length, otherwise of a third of it
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
    const texts = await labelMails(url);
    const load = (seconds: number) =>
      sendSteadily({
        url,
        perSecond: PER_SECOND,
        seconds,
        texts,
        isCorrect: (mail, { prediction, model }) => (prediction === mail.label) !== isReversed(model.version),
      });
    await load(5);
    process.stderr.write('quiet\n');
    const quiet = await load(full ? SWAPPING_SECONDS : SWAPPING_SECONDS / 3);
    process.stderr.write('changing\n');
    await addVersion(models, '2');
    const alternating = await Promise.all([load(SWAPPING_SECONDS), changeEverySecond(url, alternatingVersion)]);
    process.stderr.write('changing to new versions\n');
    const toNew = await Promise.all([
      load(SWAPPING_SECONDS),
      changeEverySecond(url, (at) => newVersion(models, at + 2)),
    ]);
    report(quiet, alternating, toNew);
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns the sample mails with the labels that the bundled model predicts. */
async function labelMails(url: string): Promise<Mail[]> {
  const mails: Mail[] = [];
  for (const { text } of await readMails()) {
    const { prediction } = (await postJson(`${url}/predict`, { text })) as { prediction: string };
    mails.push({ text, label: prediction });
  }
  return mails;
}

/** Changes the active version every second. `next` returns the version for a change, numbered from 1. */
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

const alternatingVersion = async (change: number) => (change % 2 === 1 ? '2' : '1');

async function newVersion(models: string, number: number): Promise<string> {
  await addVersion(models, String(number));
  await removeVersion(models, String(number - 2));
  return String(number);
}

/**
 * Returns true for every second version. Its labels are reversed, so that each answer shows the version that gave it.
 */
function isReversed(version: string): boolean {
  return Number(version) % 2 === 0;
}

/** Adds a copy of the bundled spam model to a models folder by one rename, as training does. */
async function addVersion(models: string, version: string): Promise<void> {
  const unfinished = join(models, 'spam', `.${version}.tmp`);
  await cp(join(PROJECT, 'models/spam/1'), unfinished, { recursive: true });
  const file = join(unfinished, 'manifest.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { version: string; labels: string[] };
  manifest.version = version;
  if (isReversed(version)) manifest.labels.reverse();
  await writeFile(file, JSON.stringify(manifest));
  await rename(unfinished, join(models, 'spam', version));
}

/** Removes a version from a models folder, like an operator who needs the space. */
function removeVersion(models: string, version: string): Promise<void> {
  return rm(join(models, 'spam', version), { recursive: true, force: true });
}

type LoadWithChanges = readonly [result: OpenLoadResult, changes: number];

function report(quiet: OpenLoadResult, alternating: LoadWithChanges, toNew: LoadWithChanges): void {
  const row = (name: string, [result, changes]: LoadWithChanges) => {
    const { sent, errors, mismatches, byVersion } = result;
    const times = [0.5, 0.99, 0.999, 1].map((share) => `${percentile(result, share).toFixed(1)} ms`);
    const cells = [name, sent, changes, byVersion.size, errors.length, mismatches.length, ...times];
    return `| ${cells.join(' | ')} |`;
  };
  const ratio = ([result]: LoadWithChanges) => percentile(result, 0.99) / percentile(quiet, 0.99);
  const lines = [
    `### A version change every second, ${PER_SECOND} mails per second`,
    '',
    '| | requests | changes | versions that answered | errors | label and version disagree | p50 | p99 | p99.9 | max |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('quiet', [quiet, 0]),
    row('two alternating versions', alternating),
    row('a new version each time', toNew),
    '',
    `p99 against quiet: ${ratio(alternating).toFixed(2)} times with two alternating versions, ${ratio(toNew).toFixed(2)} times with new versions.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const failures = [quiet, alternating[0], toNew[0]].flatMap(({ errors, mismatches }) => [...errors, ...mismatches]);
  for (const failure of new Set(failures.slice(0, 10))) process.stderr.write(`${failure}\n`);
  const [changed, changes] = toNew;
  if (failures.length > 0 || changed.byVersion.size <= changes / 2 || ratio(alternating) > 2) process.exitCode = 1;
}
