import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type ExperimentBatch,
  FAILED_BUCKET,
  type MinuteCount,
  type ShadowLabel,
} from '../../src/feedback/database/experiment.ts';
import type { Feedback } from '../../src/feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { type FeedbackStore, openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import { describeEngines } from './engines.ts';

const experiment = { model: 'spam', active: '1', activeArtefact: 'a1', shadow: '2', shadowArtefact: 'b2' };
const id = 'a prediction, and at its end a signature of 16+ characters';
const label: ShadowLabel = { id, predictedAt: 1_795_000_000_000, version: '2', artefact: 'b2', label: 'ham' };
const feedback: Feedback = {
  id,
  model: 'spam',
  version: '1',
  predicted: 'spam',
  actual: 'ham',
  predictedAt: label.predictedAt,
  receivedAt: label.predictedAt + 1_000,
  source: 'truth',
  role: 'active',
  confidence: 0.8,
  reviewShare: 0,
  artefact: 'a1',
};
const countedPair = { actual: 'ham', activeLabel: 'spam', shadowLabel: 'ham', count: 1 };

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-experiments-'));

function batchOf(parts: Partial<ExperimentBatch>): ExperimentBatch {
  return { labels: [], pairs: [], minutes: [], slots: [], slotPairs: [], reviews: [], ...parts };
}

describeEngines('the store of experiments', ({ newPlace }) => {
  async function open(): Promise<FeedbackStore> {
    const store = await openFeedbackStore(await newPlace());
    onTestFinished(() => store.close());
    return store;
  }

  describe('feedback and the label of a shadow', () => {
    test('are counted as a pair if the feedback comes second', async () => {
      const { record, experiments } = await open();
      await experiments.save(batchOf({ labels: [label] }));
      expect(await experiments.evaluatedPairs(experiment)).toEqual([]);
      await record(feedback);
      expect(await experiments.evaluatedPairs(experiment)).toEqual([countedPair]);
      expect(await experiments.totals()).toEqual([
        { model: 'spam', version: '2', source: 'truth', actual: 'ham', predicted: 'ham', count: 1 },
      ]);
    });

    test('are counted as a pair if the feedback comes first', async () => {
      const { record, experiments } = await open();
      await record(feedback);
      await experiments.save(batchOf({ labels: [label] }));
      expect(await experiments.evaluatedPairs(experiment)).toEqual([countedPair]);
    });

    test('are counted once if either comes several times', async () => {
      const { record, experiments } = await open();
      await experiments.save(batchOf({ labels: [label, label] }));
      await Promise.all([record(feedback), record(feedback), record({ ...feedback, actual: 'spam' })]);
      await experiments.save(batchOf({ labels: [label] }));
      expect(await record(feedback)).toBe('repeated');
      expect(await experiments.evaluatedPairs(experiment)).toEqual([countedPair]);
    });

    test('are not counted if they belong to two predictions of the same time', async () => {
      const { record, experiments } = await open();
      await experiments.save(batchOf({ labels: [{ ...label, id: `${id}, another` }] }));
      await record(feedback);
      expect(await experiments.evaluatedPairs(experiment)).toEqual([]);
    });
  });

  describe('the records of versions', () => {
    const minute: MinuteCount = {
      model: 'spam',
      version: '2',
      use: 'shadow',
      minute: Math.floor(Date.now() / 60_000),
      bucket: 40,
      count: 3,
      confidence: 2.5,
    };

    test('are added up by minute, duration bucket and use', async () => {
      const { experiments } = await open();
      const failed = { ...minute, bucket: FAILED_BUCKET, count: 1, confidence: 0 };
      await experiments.save(batchOf({ minutes: [minute, failed, { ...minute, use: 'answer' }] }));
      await experiments.save(batchOf({ minutes: [minute] }));
      const rows = await experiments.minuteCounts('spam', '2', 'shadow', Date.now() - 60_000, Date.now());
      expect(rows).toHaveLength(2);
      expect(rows).toEqual(expect.arrayContaining([failed, { ...minute, count: 6, confidence: 5 }]));
      expect(await experiments.minuteCounts('spam', '2', 'shadow', Date.now() - 240_000, Date.now() - 120_000)).toEqual(
        [],
      );
    });

    test('are deleted after a day', async () => {
      const { experiments } = await open();
      await experiments.save(batchOf({ minutes: [{ ...minute, minute: minute.minute - 1_500 }, minute] }));
      expect(await experiments.minuteCounts('spam', '2', 'shadow', 0, Date.now())).toEqual([minute]);
    });

    test('are added up by label pair', async () => {
      const { experiments } = await open();
      const pair = { ...experiment, activeLabel: 'spam', shadowLabel: 'ham', count: 2 };
      await experiments.save(batchOf({ pairs: [pair, { ...pair, shadow: '3' }] }));
      await experiments.save(batchOf({ pairs: [pair] }));
      expect(await experiments.pairs(experiment)).toEqual([{ activeLabel: 'spam', shadowLabel: 'ham', count: 4 }]);
    });
  });

  test('a label that is too old for feedback is deleted', async () => {
    const { record, experiments } = await open();
    const old = Date.now() - 40 * 86_400_000;
    await experiments.save(batchOf({ labels: [{ ...label, predictedAt: old }] }));
    await record({ ...feedback, predictedAt: old });
    expect(await experiments.evaluatedPairs(experiment)).toEqual([]);
  });

  test('feedback with a text is counted since a time', async () => {
    const { record, experiments } = await open();
    await record({ ...feedback, text: 'a text' });
    await record({ ...feedback, id: 'without one' });
    expect(await experiments.textCount('spam', feedback.receivedAt)).toBe(1);
    expect(await experiments.textCount('spam', feedback.receivedAt + 1)).toBe(0);
    expect(await experiments.textCount('other', 0)).toBe(0);
  });
});

test('feedback and the label of a shadow are counted once if processes that share a folder write at the same time', async () => {
  const folder = await newFolder();
  const program = new URL('../../src/feedback/database/feedback-database.ts', import.meta.url).href;
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
    run(
      process.execPath,
      script(
        'database.experiments.save({ labels: [{ ...label, id }], pairs: [], minutes: [], slots: [], slotPairs: [], reviews: [] });',
      ),
    ),
  ]);
  const database = openFeedbackDatabase(folder);
  expect(database.experiments.evaluatedPairs(experiment)).toEqual([{ ...countedPair, count: 200 }]);
  database.close();
});
