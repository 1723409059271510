import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { readSetting } from '../../src/platform/config.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import { readEncoder, storeEncoder } from '../../src/runtimes/encoder-files.ts';
import type { Example } from '../../src/training/read-examples.ts';
import { train } from '../../src/training/train.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { serviceComponent } from '../../tools/stack/start-command.ts';
import { type OpenLoadResult, percentile, sendSteadily } from '../harness/open-load.ts';

/** The rate of the requests for the linear model, whose latencies are compared. */
const LINEAR_PER_SECOND = 50;
/** The requests at the same time that find the capacity of the encoder, and how often each text is sent. */
const CONCURRENCY = 48;
const CAPACITY_TEXTS = 2_000;
const ALONE_SECONDS = 60;
const OVERLOAD_SECONDS = 60;
/** With `--full`. */
const LONG_SECONDS = 600;
const SAMPLES = 10;

/**
 * Sends twice as many texts as an encoder can take, and measures a linear model beside it: its latencies against those alone, the
 * answers and refusals of the encoder, and the memory of the service. It lasts a minute, or with `--full` ten.
 *
 * @param examples few labelled texts, from which both models learn
 * @param texts the texts that are sent
 */
export async function measureOverload(
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
  const { signal } = new AbortController();
  const service = await start(serviceComponent(ports, env), join(folder, 'service.log'), signal);
  try {
    const capacity = await findCapacity(url, texts);
    process.stderr.write(`The encoder takes ${capacity.toFixed(0)} texts/s\n`);
    const load = { url, texts, isCorrect: () => true };
    const linear = { ...load, model: 'linear', perSecond: LINEAR_PER_SECOND };
    const alone = await sendSteadily({ ...linear, seconds: ALONE_SECONDS });
    const seconds = full ? LONG_SECONDS : OVERLOAD_SECONDS;
    const overload = { ...load, model: 'encoder', perSecond: 2 * capacity, seconds, maxSockets: 1_024 };
    const [beside, refused, memory] = await Promise.all([
      sendSteadily({ ...linear, seconds }),
      sendSteadily(overload),
      watchMemory(`http://127.0.0.1:${ports.serviceMetrics}/metrics`, seconds),
    ]);
    return report({ capacity, seconds, alone, beside, refused, memory });
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
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
  readonly alone: OpenLoadResult;
  readonly beside: OpenLoadResult;
  readonly refused: OpenLoadResult;
  readonly memory: readonly number[];
}

function report({ capacity, seconds, alone, beside, refused, memory }: Measured): string[] {
  const row = (name: string, result: OpenLoadResult) => {
    const [p50, p99] = [0.5, 0.99].map((share) => `${percentile(result, share).toFixed(2)} ms`);
    const overloaded = result.errors.filter((message) => message.startsWith('503')).length;
    const others = result.errors.length - overloaded;
    return `| ${name} | ${result.sent} | ${result.sent - result.errors.length} | ${overloaded} | ${others} | ${p50} | ${p99} |`;
  };
  const ratio = percentile(beside, 0.99) / percentile(alone, 0.99);
  return [
    `### Twice the capacity of an encoder (${capacity.toFixed(0)} texts/s) for ${seconds} s`,
    '',
    '| model | sent | answered | 503 | other failures | p50 | p99 |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    row('linear, alone', alone),
    row('linear, beside the encoder', beside),
    row('encoder', refused),
    '',
    `The p99 of the linear model is ${ratio.toFixed(2)} times that alone.`,
    `Memory of the service in MiB, at ten equal times: ${memory.map((value) => value.toFixed(0)).join(', ')}.`,
    '',
  ];
}
