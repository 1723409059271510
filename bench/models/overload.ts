import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { readSetting } from '../../src/platform/config.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import { readEncoder, storeEncoder } from '../../src/runtimes/encoder-files.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { train } from '../../src/training/train.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { createPredictGenerator } from '../harness/predict-generator.ts';
import { benchService } from '../harness/service.ts';
import { findDatasets, sample } from './datasets.ts';
import { downloadMiniLm } from './encoder-weights.ts';
import { onCore } from './one-core.ts';

/** The examples of each label from which both models learn. */
const EXAMPLES_PER_LABEL = 5;
/** The rate of the requests for the linear model, whose latencies are compared. */
const LINEAR_PER_SECOND = 50;
/** The requests at the same time that find the capacity of the encoder, and how often each text is sent. */
const CONCURRENCY = 48;
const CAPACITY_TEXTS = 2_000;
/** Enough for all texts that wait for the encoder. */
const MAX_CONNECTIONS = 1_024;
const ALONE_SECONDS = 60;
const OVERLOAD_SECONDS = 60;
/** With `--full`. */
const LONG_SECONDS = 600;
const SAMPLES = 10;

/**
 * Sends twice as many texts as an encoder can take, and measures a linear model beside it: its latencies against those alone, the
 * answers and refusals of the encoder, and the memory of the service. It lasts a minute, or with `full` ten.
 *
 * @throws {Error} without banking77
 */
export async function runOverloadBenchmark(full: boolean): Promise<void> {
  const dataset = (await findDatasets()).find(({ name }) => name === 'banking77');
  if (!dataset) throw new Error('The overload needs banking77 in WAYMARK_DATA.');
  const { examples } = sample({ examples: await readAll(dataset.train), embeddings: [] }, EXAMPLES_PER_LABEL, 1);
  const lines = await measureOverload(examples, await readAll(dataset.test[0]!), await downloadMiniLm(), full);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function readAll(path: string): Promise<Example[]> {
  const examples: Example[] = [];
  await readExamples(path, (example) => examples.push(example));
  return examples;
}

/**
 * Measures one service.
 *
 * @param examples few labelled texts, from which both models learn
 * @param texts the texts that are sent
 */
async function measureOverload(
  examples: readonly Example[],
  texts: readonly Example[],
  encoder: string,
  full: boolean,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-overload-'));
  const models = join(folder, 'models');
  const data = join(folder, 'examples.jsonl');
  await writeFile(data, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
  await mkdir(join(folder, 'data'));
  await storeEncoder(models, await readEncoder(encoder));
  for (const name of ['linear', 'encoder']) {
    const { manifest, bytes } = await train({
      source: { examples: data },
      ...(name === 'encoder' && { encoder: { folder: encoder, kind: 'encoder' } }),
      runtimesFolder: readSetting('RUNTIMES_DIR'),
      name,
      version: '1',
      algorithm: 'auto',
      tokenizer: 'auto',
      seed: 1,
    });
    await writeArtefact(join(models, name, '1'), manifest, bytes);
  }
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const env = { MODELS_DIR: models, DATA_DIR: join(folder, 'data'), DEFAULT_MODEL: 'linear' };
  const service = await start(benchService(ports, env), join(folder, 'service.log'), new AbortController().signal);
  const seconds = full ? LONG_SECONDS : OVERLOAD_SECONDS;
  try {
    // A sender that waits for the core of the encoder would measure its own delays.
    return await onCore(1, async () => {
      const capacity = await findCapacity(url, texts);
      process.stderr.write(`The encoder takes ${capacity.toFixed(0)} texts/s\n`);
      const linear = { model: 'linear', perSecond: LINEAR_PER_SECOND };
      const watch = (duration: number) => watchMemory(`http://127.0.0.1:${ports.serviceMetrics}/metrics`, duration);
      const [alone] = await Promise.all([
        send(url, texts, { ...linear, seconds: ALONE_SECONDS }),
        watch(ALONE_SECONDS),
      ]);
      const [beside, encoder, memory] = await Promise.all([
        send(url, texts, { ...linear, seconds }),
        send(url, texts, { model: 'encoder', perSecond: 2 * capacity, seconds }),
        watch(seconds),
      ]);
      return report({ capacity, seconds, alone, beside, encoder, memory });
    });
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The result of a load. Latencies are in milliseconds, from the due time to the answer. */
interface Result {
  readonly sent: number;
  readonly answered: number;
  readonly overloaded: number;
  readonly p50: number;
  readonly p99: number;
}

/**
 * Sends texts to a model at a steady rate. Each model has a thread of its own, which takes a tenth of a millisecond for an answer:
 * the requests of the encoder must not delay the measurement of the linear model.
 */
async function send(
  url: string,
  texts: readonly Example[],
  { model, perSecond, seconds }: { model: string; perSecond: number; seconds: number },
): Promise<Result> {
  const bodies = texts.map(({ text }) => JSON.stringify({ text, model }));
  const generator = await createPredictGenerator(url, bodies, MAX_CONNECTIONS);
  const { counts } = await generator.run({ rate: perSecond }, 1_000 * seconds, new AbortController().signal);
  await generator.close();
  const { answered, failed, errors } = counts;
  const { p50, p99 } = counts.latency ?? { p50: Infinity, p99: Infinity };
  return { sent: answered + failed, answered, overloaded: errors['status 503'] ?? 0, p50, p99 };
}

/** Returns the number of texts that the encoder answers in a second, if always some wait. */
async function findCapacity(url: string, texts: readonly Example[]): Promise<number> {
  const many = Array.from({ length: CAPACITY_TEXTS }, (_, at) => texts[at % texts.length]!);
  const started = performance.now();
  await inWindow(many, CONCURRENCY, async ({ text }) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ text, model: 'encoder' });
    const response = await fetch(`${url}/predict`, { method: 'POST', headers, body });
    if (!response.ok) throw new Error(`the encoder answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  });
  return (1_000 * many.length) / (performance.now() - started);
}

/** Returns the memory of the service in MiB at equal times. */
async function watchMemory(metricsUrl: string, seconds: number): Promise<number[]> {
  const memory: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await delay((1_000 * seconds) / SAMPLES);
    const page = await (await fetch(metricsUrl)).text();
    memory.push(Number(/^process_memory_usage_bytes(?:\{[^}]*\})? (\S+)/m.exec(page)?.[1]) / 2 ** 20);
  }
  return memory;
}

interface Measured {
  readonly capacity: number;
  readonly seconds: number;
  readonly alone: Result;
  readonly beside: Result;
  readonly encoder: Result;
  readonly memory: readonly number[];
}

function report({ capacity, seconds, alone, beside, encoder, memory }: Measured): string[] {
  const row = (name: string, { sent, answered, overloaded, p50, p99 }: Result) => {
    const others = sent - answered - overloaded;
    return `| ${name} | ${sent} | ${answered} | ${overloaded} | ${others} | ${p50.toFixed(2)} ms | ${p99.toFixed(2)} ms |`;
  };
  return [
    `### Twice the capacity of an encoder (${capacity.toFixed(0)} texts/s) for ${seconds} s`,
    '',
    '| model | sent | answered | 503 | other failures | p50 | p99 |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('linear, alone', alone),
    row('linear, beside the encoder', beside),
    row('encoder', encoder),
    '',
    `The p99 of the linear model is ${(beside.p99 / alone.p99).toFixed(2)} times that alone.`,
    `Memory of the service in MiB, at ten equal times: ${memory.map((value) => value.toFixed(0)).join(', ')}.`,
    '',
  ];
}
