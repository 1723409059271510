import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import type { Engine } from '../../src/runtimes/onnx/engine.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { CORPUS_TEXTS_FOLDER } from '../../tools/corpus/download.ts';
import { readMails } from '../harness/mails.ts';
import { sharedDataFolder } from '../harness/shared-data.ts';

/** The number of texts that wait for the encoder at the same time. */
export const WINDOW = 256;

/** A data set of the comparison. */
export interface Dataset {
  readonly name: string;
  readonly train: string;
  /** The files of the test texts. */
  readonly test: readonly string[];
}

/** Texts with their embeddings. */
export interface Encoded {
  readonly examples: readonly Example[];
  readonly embeddings: readonly Float32Array[];
}

/**
 * Finds the data sets: banking77, the mails of the SpamAssassin corpus, and with the same training data and short messages those
 * short messages that were held out, and sentences of everyday life. What is missing is skipped, with a message.
 */
export async function findDatasets(): Promise<Dataset[]> {
  const datasets: Dataset[] = [];
  const shared = sharedDataFolder();
  const banking = join(shared, 'banking77');
  if (existsSync(join(banking, 'test.jsonl'))) {
    datasets.push({ name: 'banking77', train: join(banking, 'train.jsonl'), test: [join(banking, 'test.jsonl')] });
  } else process.stderr.write(`Skipped: there is no banking77 in ${shared}\n`);
  const { train, test } = await readMails();
  const everyday = fileURLToPath(new URL('../../test/fixtures/everyday', import.meta.url));
  const messages = join(CORPUS_TEXTS_FOLDER, 'messages-test.jsonl');
  return [
    ...datasets,
    { name: 'mail', train, test: [test] },
    {
      name: 'short messages',
      train: join(CORPUS_TEXTS_FOLDER, 'bundled-train.jsonl'),
      test: [messages, ...['sentences.jsonl', 'new-sentences.jsonl'].map((file) => join(everyday, file))],
    },
  ];
}

/** Encodes the texts of files. The embeddings are kept in the cache, because they take minutes on a busy machine. */
export async function encodeFiles(engine: Engine, encoder: string, paths: readonly string[]): Promise<Encoded> {
  const examples: Example[] = [];
  const { sha256 } = await readExamples({ paths }, (example) => examples.push(example));
  const { dimensions } = engine;
  const cached = cacheFolder(`bench/embeddings-${encoder.slice(0, 12)}-${sha256.slice(0, 12)}`);
  const all = new Float32Array(examples.length * dimensions);
  if (existsSync(cached)) new Uint8Array(all.buffer).set(await readFile(cached));
  else {
    await inWindow(examples, WINDOW, async ({ text }, row) => {
      all.set((await engine.encode(text, { queue: 'bench' })).output, row * dimensions);
    });
    await mkdir(dirname(cached), { recursive: true });
    await writeFile(cached, new Uint8Array(all.buffer));
  }
  return { examples, embeddings: examples.map((_, row) => all.subarray(row * dimensions, (row + 1) * dimensions)) };
}

/** Draws examples of each label by chance. */
export function sample({ examples, embeddings }: Encoded, size: number, seed: number): Encoded {
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
