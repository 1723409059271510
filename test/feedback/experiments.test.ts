import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { failedBucket, type MinuteCount, type ShadowLabel, type TrialNews } from '../../src/feedback/experiment.ts';
import type { Feedback } from '../../src/feedback/feedback.ts';
import { openFeedbackDatabase } from '../../src/feedback/feedback-database.ts';
import { type FeedbackStore, openFeedbackStore } from '../../src/feedback/feedback-store.ts';

const trial = { model: 'spam', active: '1', shadow: '2' };
const id = 'a prediction, and at its end a signature of 16+ characters';
const label: ShadowLabel = { id, predictedAt: 1_795_000_000_000, version: '2', label: 'ham' };
const feedback: Feedback = {
  id,
  model: 'spam',
  version: '1',
  predicted: 'spam',
  actual: 'ham',
  predictedAt: label.predictedAt,
  receivedAt: label.predictedAt + 1_000,
};
const counted = { actual: 'ham', activeLabel: 'spam', shadowLabel: 'ham', count: 1 };

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-trials-'));

async function open(folder?: string): Promise<FeedbackStore> {
  const store = await openFeedbackStore(folder ?? (await newFolder()));
  onTestFinished(() => store.close());
  return store;
}

function news(some: Partial<TrialNews>): TrialNews {
  return { labels: [], pairs: [], minutes: [], ...some };
}

describe('feedback and the label of a shadow', () => {
  test('are counted as a pair when the feedback comes later', async () => {
    const { record, trials } = await open();
    await trials.keep(news({ labels: [label] }));
    expect(await trials.judged(trial)).toEqual([]);
    await record(feedback);
    expect(await trials.judged(trial)).toEqual([counted]);
    expect(await trials.totals()).toEqual([{ model: 'spam', version: '2', actual: 'ham', predicted: 'ham', count: 1 }]);
  });

  test('and when it was there first', async () => {
    const { record, trials } = await open();
    await record(feedback);
    await trials.keep(news({ labels: [label] }));
    expect(await trials.judged(trial)).toEqual([counted]);
  });

  test('once, however often either comes', async () => {
    const { record, trials } = await open();
    await trials.keep(news({ labels: [label, label] }));
    await Promise.all([record(feedback), record(feedback), record({ ...feedback, actual: 'spam' })]);
    await trials.keep(news({ labels: [label] }));
    expect(await record(feedback)).toBe('repeated');
    expect(await trials.judged(trial)).toEqual([counted]);
  });

  test('not where they are of two predictions of the same moment', async () => {
    const { record, trials } = await open();
    await trials.keep(news({ labels: [{ ...label, id: `${id}, another` }] }));
    await record(feedback);
    expect(await trials.judged(trial)).toEqual([]);
  });

  test('once, where processes that share a folder write at the same time', async () => {
    const folder = await newFolder();
    const program = new URL('../../src/feedback/feedback-database.ts', import.meta.url).href;
    const script = (work: string) => [
      '--input-type=module',
      '-e',
      `import { openFeedbackDatabase } from ${JSON.stringify(program)};
       const database = openFeedbackDatabase(${JSON.stringify(folder)});
       const label = ${JSON.stringify(label)}, feedback = ${JSON.stringify(feedback)};
       for (let i = 0; i < 200; i++) {
         const id = 'prediction ' + String(i).padStart(16, '0');
         ${work}
       }`,
    ];
    const run = promisify(execFile);
    await Promise.all([
      run(process.execPath, script('database.record([{ ...feedback, id }]);')),
      run(process.execPath, script('database.trials.keep({ labels: [{ ...label, id }], pairs: [], minutes: [] });')),
    ]);
    const database = openFeedbackDatabase(folder);
    expect(database.trials.judged(trial)).toEqual([{ ...counted, count: 200 }]);
    database.close();
  });
});

describe('what versions do', () => {
  const minute: MinuteCount = {
    model: 'spam',
    version: '2',
    use: 'shadow',
    minute: Math.floor(Date.now() / 60_000),
    bucket: 40,
    count: 3,
    confidence: 2.5,
  };

  test('adds up by minute and by how long it took, apart from what else the version was used for', async () => {
    const { trials } = await open();
    const failed = { ...minute, bucket: failedBucket, count: 1, confidence: 0 };
    await trials.keep(news({ minutes: [minute, failed, { ...minute, use: 'answer' }] }));
    await trials.keep(news({ minutes: [minute] }));
    const rows = await trials.minutes('spam', '2', 'shadow', Date.now() - 60_000);
    expect(rows).toHaveLength(2);
    expect(rows).toEqual(expect.arrayContaining([failed, { ...minute, count: 6, confidence: 5 }]));
    expect(await trials.minutes('spam', '2', 'shadow', Date.now() + 120_000)).toEqual([]);
  });

  test('is forgotten after a day', async () => {
    const { trials } = await open();
    await trials.keep(news({ minutes: [{ ...minute, minute: minute.minute - 1_500 }, minute] }));
    expect(await trials.minutes('spam', '2', 'shadow', 0)).toEqual([minute]);
  });

  test('adds up by the pairs of labels that two of them gave', async () => {
    const { trials } = await open();
    const pair = { ...trial, activeLabel: 'spam', shadowLabel: 'ham', count: 2 };
    await trials.keep(news({ pairs: [pair, { ...pair, shadow: '3' }] }));
    await trials.keep(news({ pairs: [pair] }));
    expect(await trials.pairs(trial)).toEqual([{ activeLabel: 'spam', shadowLabel: 'ham', count: 4 }]);
  });
});

test('a label that is too old for feedback makes room', async () => {
  const { record, trials } = await open();
  const old = Date.now() - 40 * 86_400_000;
  await trials.keep(news({ labels: [{ ...label, predictedAt: old }] }));
  await record({ ...feedback, predictedAt: old });
  expect(await trials.judged(trial)).toEqual([]);
});

test('texts that came in with their label are counted since a moment', async () => {
  const { record, trials } = await open();
  await record({ ...feedback, text: 'a text' });
  await record({ ...feedback, id: 'without one' });
  expect(await trials.texts('spam', feedback.receivedAt)).toBe(1);
  expect(await trials.texts('spam', feedback.receivedAt + 1)).toBe(0);
  expect(await trials.texts('other', 0)).toBe(0);
});
