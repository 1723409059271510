import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TrainingDataError } from '../../src/classifier/learning/training-options.ts';
import { DataFileError } from '../../src/datasets/data-file-error.ts';
import { train } from '../../src/training/train.ts';
import type { TrainingJob } from '../../src/training/training-job.ts';
import { smallMails } from '../classifier/small-mails.ts';

let folder: string;
let job: TrainingJob;

const toLines = (examples: readonly object[]) => examples.map((example) => `${JSON.stringify(example)}\n`).join('');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-train-'));
  const examples = join(folder, 'train.jsonl');
  await writeFile(examples, toLines(smallMails(400, ['ham', 'spam', 'news'])));
  job = { source: { examples }, name: 'mail', version: '1', algorithm: 'auto', tokenizer: 'auto', seed: 1 };
});
afterAll(() => rm(folder, { recursive: true }));

test('the same data and seed give the same bytes', async () => {
  expect(await train(job)).toEqual(await train(job));
});

test.each([
  [1_000, 1_000],
  [999, undefined],
])('a test file of %d texts is the reference for drift only if it is large', async (count, referenceDocuments) => {
  const test = join(folder, 'test.jsonl');
  const text = 'a short text';
  await writeFile(test, toLines(Array.from({ length: count }, () => ({ text, label: 'ham' }))));
  const { manifest } = await train({ ...job, test });
  expect(manifest.referenceDocuments).toBe(referenceDocuments);
  expect(manifest.reference.characters['0-15'] === 1).toBe(referenceDocuments !== undefined);
});

test('the event loop of the caller is not blocked', async () => {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const start = performance.now();
  await train(job);
  const whole = performance.now() - start;
  clearInterval(timer);
  expect(longest).toBeLessThan(whole / 2);
});

test('an abort ends the training with the reason of the signal', async () => {
  const stop = new AbortController();
  const reason = new Error('enough');
  const training = train(job, { signal: stop.signal, onProgress: () => stop.abort(reason) });
  await expect(training).rejects.toBe(reason);
  await expect(train(job, { signal: stop.signal })).rejects.toBe(reason);
});

test('an error in the data leaves the thread with its class', async () => {
  const bad = join(folder, 'bad.jsonl');
  await writeFile(bad, 'no json\n');
  await expect(train({ ...job, source: { examples: bad } })).rejects.toThrow(DataFileError);
  await writeFile(bad, toLines(smallMails(3, ['ham'])));
  await expect(train({ ...job, source: { examples: bad } })).rejects.toThrow(TrainingDataError);
});
