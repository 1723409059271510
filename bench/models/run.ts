import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { trainEncoderModel } from '../../src/classifier/encoders/train-encoder-model.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { createTrainer } from '../../src/classifier/learning/trainer.ts';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { readSetting } from '../../src/platform/config.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import { createEncoderClassifier } from '../../src/runtimes/encoder.ts';
import type { Engine } from '../../src/runtimes/onnx/engine.ts';
import { createEngines } from '../../src/runtimes/onnx/engines.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { openEncoder } from '../../src/training/train-encoder.ts';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { downloadMiniLm } from './encoder-weights.ts';
import { type Answering, measureQuality, measureSpeed, type Quality } from './measure.ts';

/** The numbers of examples of each label, and the seeds of the samples: the first one, or with `--full` all. */
const SIZES = [5, 10, 30];
const SEEDS = [1, 2, 3];
const SHARE = 0.3;
const SMALL_SHARE = 0.1;
const WINDOW = 256;

interface Encoded {
  readonly examples: readonly Example[];
  readonly embeddings: readonly Float32Array[];
}

const rows = ['linear', 'encoder', 'linear+encoder', 'cascade', 'cascade, small share'] as const;
type Row = (typeof rows)[number];

/**
 * Compares the linear model, the encoder, both together and a cascade on banking77, with few examples of each label and with
 * all. Only the first core is used. It is skipped, with a message, without the data.
 */
export async function runModelsBenchmark(full: boolean): Promise<void> {
  const shared = process.env['WAYMARK_DATA'] || fileURLToPath(new URL('../../../shared/data', import.meta.url));
  const folder = join(shared, 'banking77');
  if (!existsSync(join(folder, 'test.jsonl'))) {
    process.stderr.write(`Skipped models: there is no banking77 in ${shared}\n`);
    return;
  }
  execFileSync('taskset', ['-a', '-c', '-p', '0', String(process.pid)], { stdio: 'ignore' });
  const before = process.memoryUsage.rss();
  const { engine, source } = await openEncoder(
    await downloadMiniLm(),
    'embedding',
    createEngines(readSetting('RUNTIMES_DIR')),
  );
  const train = await encodeFile(engine, source.sha256, join(folder, 'train.jsonl'));
  const test = await encodeFile(engine, source.sha256, join(folder, 'test.jsonl'));
  const encoderMb = (process.memoryUsage.rss() - before) / 2 ** 20;
  const table: string[] = [];
  for (const size of SIZES) {
    const measured = SEEDS.slice(0, full ? SEEDS.length : 1).map((seed) => measure(sample(train, size, seed), test));
    table.push(
      ...qualityRows(
        String(size),
        measured.map(({ qualities }) => qualities),
      ),
    );
  }
  const all = measure(train, test);
  table.push(...qualityRows('all', [all.qualities]));
  const speeds = await measureSpeeds(all.answering, engine, test);
  report(table, speeds, encoderMb);
  engine.end();
}

/** Encodes the texts of a file. The embeddings are kept in the cache, because they take minutes on a busy machine. */
async function encodeFile(engine: Engine, encoder: string, path: string): Promise<Encoded> {
  const examples: Example[] = [];
  const { sha256 } = await readExamples(path, (example) => examples.push(example));
  const { dimensions } = engine;
  const cached = cacheFolder(`bench/embeddings-${encoder.slice(0, 12)}-${sha256.slice(0, 12)}`);
  const all = new Float32Array(examples.length * dimensions);
  if (existsSync(cached)) new Uint8Array(all.buffer).set(await readFile(cached));
  else {
    await inWindow(examples, WINDOW, async ({ text }, row) => {
      all.set((await engine.encode(text, { queue: 'bench' })).output, row * dimensions);
    });
    await writeFile(cached, new Uint8Array(all.buffer));
  }
  return { examples, embeddings: examples.map((_, row) => all.subarray(row * dimensions, (row + 1) * dimensions)) };
}

/** Draws examples of each label by chance. */
function sample({ examples, embeddings }: Encoded, size: number, seed: number): Encoded {
  const random = createRandom(seed);
  const drawn = [...Map.groupBy(examples.keys(), (row) => examples[row]!.label).values()].flatMap((ofLabel) =>
    ofLabel
      .map((row) => ({ row, key: random() }))
      .sort((a, b) => a.key - b.key)
      .slice(0, size)
      .map(({ row }) => row),
  );
  return { examples: drawn.map((row) => examples[row]!), embeddings: drawn.map((row) => embeddings[row]!) };
}

function measure(train: Encoded, test: Encoded) {
  const started = performance.now();
  const seed = 1;
  const trainer = createTrainer({ algorithm: 'auto', tokenizer: 'auto', seed, testShare: 0, keepsProbabilities: true });
  for (const { text, label } of train.examples) trainer.add(text, label);
  const linear = trainer.finish();
  const { labels } = linear.model;
  const dimensions = train.embeddings[0]!.length;
  const embeddings = new Float32Array(train.examples.length * dimensions);
  for (const [row, embedding] of train.embeddings.entries()) embeddings.set(embedding, row * dimensions);
  const linearDone = performance.now();
  const { head, uses, cascadeFor } = trainEncoderModel({
    share: SHARE,
    linear,
    texts: train.examples.map(({ text }) => text),
    targets: Uint32Array.from(train.examples, ({ label }) => labels.indexOf(label)),
    embeddings,
    dimensions,
    seed,
    onProgress: () => {},
  });
  const seconds = [linearDone - started, performance.now() - linearDone].map((ms) => (ms / 1000).toFixed(0));
  process.stderr.write(`${train.examples.length} examples: linear ${seconds[0]} s, head ${seconds[1]} s\n`);
  const classifier = createLinearClassifier(linear.model);
  const encoder = { labels, head };
  const answering: Record<Row, Answering> = {
    linear: { linear: classifier },
    encoder: { encoder },
    'linear+encoder': { linear: classifier, encoder, ...uses['linear+encoder'] },
    cascade: { linear: classifier, encoder, ...uses.cascade },
    'cascade, small share': { linear: classifier, encoder, ...cascadeFor(SMALL_SHARE) },
  };
  const quality = (row: Row) => measureQuality(labels, answering[row], test.examples, test.embeddings);
  const qualities = Object.fromEntries(rows.map((row) => [row, quality(row)])) as Record<Row, Quality>;
  return { labels, answering, qualities };
}

function qualityRows(size: string, measured: readonly Record<Row, Quality>[]): string[] {
  const mean = (row: Row, value: (quality: Quality) => number) =>
    measured.reduce((sum, qualities) => sum + value(qualities[row]), 0) / measured.length;
  return rows.map((row) => {
    const cells = [
      mean(row, ({ accuracy }) => accuracy).toFixed(3),
      mean(row, ({ expectedCalibrationError }) => expectedCalibrationError).toFixed(3),
      `${(100 * mean(row, ({ escalated }) => escalated)).toFixed(0)} %`,
    ];
    process.stderr.write(`${size} | ${row} | ${cells.join(' | ')}\n`);
    return `| ${size} | ${row} | ${cells.join(' | ')} |`;
  });
}

async function measureSpeeds(
  answering: Record<Row, Answering>,
  engine: Engine,
  { examples }: Encoded,
): Promise<string[]> {
  const texts = examples.map(({ text }) => text);
  const lines: string[] = [];
  for (const row of rows) {
    const { linear, encoder, combination, escalateBelow } = answering[row];
    const algorithm = row === 'linear' || row === 'cascade, small share' ? 'cascade' : row;
    const model = encoder && { ...encoder, algorithm, linear, combination, escalateBelow };
    const classifier = model ? createEncoderClassifier(model, engine, 'bench') : linear!;
    const { textsPerSecond, p50, p99 } = await measureSpeed(classifier, texts);
    lines.push(`| ${row} | ${textsPerSecond.toFixed(0)} | ${p50.toFixed(2)} ms | ${p99.toFixed(2)} ms |`);
  }
  return lines;
}

function report(table: readonly string[], speeds: readonly string[], encoderMb: number): void {
  const lines = [
    '### banking77 with all-MiniLM-L6-v2 (int8)',
    '',
    '| examples a label | model | accuracy | calibration error | texts for the encoder |',
    '| ---: | --- | ---: | ---: | ---: |',
    ...table,
    '',
    '| model (all examples) | texts/s, one core | p50, one text | p99, one text |',
    '| --- | ---: | ---: | ---: |',
    ...speeds,
    '',
    `The encoder takes ${encoderMb.toFixed(0)} MiB after ${WINDOW} texts at the same time.`,
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
