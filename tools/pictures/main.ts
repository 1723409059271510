/** `npm run docs -- --pictures`: draws the result of every query of every panel, from a real Prometheus. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { createRandom, shuffle } from '../../src/classifier/learning/random.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { train } from '../../src/training/train.ts';
import { type Ports, wellKnownPorts } from '../stack/ports.ts';
import { step } from '../stack/progress.ts';
import { run } from '../stack/run.ts';
import { startStack } from '../stack/stack.ts';
import { PICTURE_SECONDS, queryPanel } from './panel-results.ts';
import { panelDashboards } from './panels.ts';
import { drawRow, picturesPage } from './row-picture.ts';
import { MAX_TEXT_CHARACTERS, sendTraffic } from './traffic.ts';

const PROJECT = join(import.meta.dirname, '../..');
const FOLDER = join(PROJECT, 'docs/dashboards');
/** Time for the last scrape, and for the rules that read it. */
const SETTLE_MS = 4_000;
const SHADOW_MAILS = 400;
const MODEL = 'spam';

const { stdout } = process;
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => interruption.abort(new Error(`stopped by ${signal}`)));

const folder = await mkdtemp(join(tmpdir(), 'waymark-pictures-'));
try {
  await drawAll();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function drawAll(): Promise<void> {
  const corpus = join(folder, 'corpus');
  await run(process.execPath, [join(PROJECT, 'tools/corpus/main.ts'), '--out', corpus], {
    cwd: PROJECT,
    log: join(folder, 'corpus.log'),
    signal: interruption.signal,
  });
  const models = join(folder, 'models');
  await step(stdout, 'a shadow version', async () => writeModels(models, await readMails(join(corpus, 'train.jsonl'))));
  const stack = await startStack({
    folder: join(folder, 'stack'),
    ports: 'free',
    pace: 'fast',
    output: stdout,
    signal: interruption.signal,
    serviceEnv: { MODELS_DIR: models, MAX_TEXT_CHARACTERS: String(MAX_TEXT_CHARACTERS) },
  });
  try {
    const mails = (await readMails(join(corpus, 'test.jsonl'))).filter(({ text }) => text.length < MAX_TEXT_CHARACTERS);
    const start = Math.floor(Date.now() / 1_000);
    const failed = stack.failed.then((reason) => Promise.reject(new Error(reason)));
    const traffic = () => sendTraffic(stack.urls, mails, PICTURE_SECONDS);
    await step(stdout, `${PICTURE_SECONDS} s of traffic`, () => Promise.race([traffic(), failed]));
    await delay(SETTLE_MS);
    await step(stdout, 'pictures', () => writePictures(stack.urls.prometheus, stack.ports, start));
  } finally {
    await step(stdout, 'stop', stack.stop);
  }
}

/** Writes the bundled version, and a version that learned from fewer mails as its shadow. */
async function writeModels(models: string, mails: readonly Example[]): Promise<void> {
  await cp(join(PROJECT, 'models', MODEL, '1'), join(models, MODEL, '1'), { recursive: true });
  const examples = join(folder, 'shadow.jsonl');
  await writeFile(
    examples,
    mails
      .slice(0, SHADOW_MAILS)
      .map((mail) => `${JSON.stringify(mail)}\n`)
      .join(''),
  );
  const job = {
    source: { examples },
    name: MODEL,
    version: '2',
    algorithm: 'auto',
    tokenizer: 'auto',
    seed: 1,
  } as const;
  const { manifest, bytes } = await train(job);
  await writeArtefact(join(models, MODEL, '2'), manifest, bytes);
  await writeFile(join(models, MODEL, 'roles.json'), JSON.stringify({ format: 1, active: '1', shadow: '2' }));
}

/** Returns the mails of a file in a random order, which is the same in each run. */
async function readMails(path: string): Promise<Example[]> {
  const mails: Example[] = [];
  await readExamples(path, (mail) => mails.push(mail));
  const order = Uint32Array.from(mails.keys());
  shuffle(order, createRandom(1));
  return Array.from(order, (at) => mails[at]!);
}

async function writePictures(prometheus: string, ports: Ports, start: number): Promise<void> {
  const time = { start, end: start + PICTURE_SECONDS };
  const dashboards = panelDashboards();
  const files = new Map([['README.md', picturesPage(dashboards)]]);
  for (const { name, rows } of dashboards) {
    for (const row of rows) {
      const panels = [];
      for (const panel of row.panels) {
        const results = await queryPanel(prometheus, panel, time, (instance) => defaultAddress(instance, ports));
        panels.push({ panel, results });
      }
      files.set(`${name}/${row.name}.svg`, drawRow(row, panels));
    }
  }
  // Only now, so that a run with an empty result changes nothing.
  await rm(FOLDER, { recursive: true, force: true });
  for (const { name } of dashboards) await mkdir(join(FOLDER, name), { recursive: true });
  for (const [file, content] of files) await writeFile(join(FOLDER, file), content);
}

/** Replaces the port of this run by the default one of the same component. */
function defaultAddress(instance: string, ports: Ports): string {
  const [host, port] = instance.split(':');
  const name = (Object.keys(ports) as (keyof Ports)[]).find((one) => String(ports[one]) === port);
  return name === undefined ? instance : `${host}:${wellKnownPorts[name]}`;
}
