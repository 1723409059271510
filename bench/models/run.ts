import { trainEncoderModel } from '../../src/classifier/encoders/train-encoder-model.ts';
import { createTrainer } from '../../src/classifier/learning/trainer.ts';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { readSetting } from '../../src/platform/config.ts';
import { createEncoderClassifier } from '../../src/runtimes/encoder.ts';
import type { Engine } from '../../src/runtimes/onnx/engine.ts';
import { createEngines } from '../../src/runtimes/onnx/engines.ts';
import { openEncoder } from '../../src/training/train-encoder.ts';
import { type Encoded, encodeFiles, findDatasets, sample, WINDOW } from './datasets.ts';
import { downloadMiniLm } from './encoder-weights.ts';
import { type Answering, measureQuality, measureSpeed, type Quality } from './measure.ts';
import { onCore } from './one-core.ts';

/** The numbers of examples of each label, and the seeds of the samples: the first one, or with `--full` all. */
const SIZES = [5, 10, 30];
const SEEDS = [1, 2, 3];
const SHARE = 0.3;
const SMALL_SHARE = 0.1;

const rows = ['linear', 'encoder', 'linear+encoder', 'cascade', 'cascade, small share'] as const;
type Row = (typeof rows)[number];

/**
 * Compares the linear model, the encoder, both together and a cascade on banking77, mail and short messages, with few examples of
 * each label and with all. Only the first core is used.
 */
export function runModelsBenchmark(full: boolean): Promise<void> {
  return onCore(0, () => compareModels(full));
}

async function compareModels(full: boolean): Promise<void> {
  const datasets = await findDatasets();
  const folder = await downloadMiniLm();
  const before = process.memoryUsage.rss();
  const { engine, source } = await openEncoder(folder, 'embedding', createEngines(readSetting('RUNTIMES_DIR')));
  for (const { name, train: trainFile, test: testFiles } of datasets) {
    process.stderr.write(`${name}\n`);
    const train = await encodeFiles(engine, source.sha256, [trainFile]);
    const test = await encodeFiles(engine, source.sha256, testFiles);
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
    report(name, table, speeds, encoderMb);
  }
  await engine.end();
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

function report(name: string, table: readonly string[], speeds: readonly string[], encoderMb: number): void {
  const lines = [
    `### ${name} with all-MiniLM-L6-v2 (int8)`,
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
