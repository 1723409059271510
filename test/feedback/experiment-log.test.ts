import { describe, expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import type { ExperimentBatch } from '../../src/feedback/database/experiment.ts';
import { DURATION_BUCKETS, durationBucket, durationQuantile } from '../../src/feedback/duration-buckets.ts';
import { createExperimentLog } from '../../src/feedback/experiment-log.ts';
import type { Model } from '../../src/models/store.ts';
import { artefactOf } from '../../src/predictions/prediction-id.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';
import { silentLog } from '../support/silent-log.ts';

const active: Model = { name: 'spam', version: '1', ...(await readArtefact('models/spam/1')) };
const shadow: Model = { ...active, version: '2' };
const shadowResult = {
  id: 'an id',
  predictedAt: 5,
  active,
  activeLabel: 'spam',
  shadow,
  shadowLabel: 'ham',
  confidence: 0.75,
  seconds: 1e-4,
  asked: false,
};
const artefact = artefactOf(active.manifest.weights.sha256);
const experiment = { model: 'spam', active: '1', activeArtefact: artefact, shadow: '2', shadowArtefact: artefact };

describe('durations', () => {
  test.each([0, 1e-9, 1e-6, 3.3e-5, 1e-3, 0.04, 1, 60, 1e9])(
    'of %d s have a bucket within 5 %% of their value',
    (seconds) => {
      const bucket = durationBucket(seconds);
      expect(bucket).toBeGreaterThanOrEqual(0);
      expect(bucket).toBeLessThan(DURATION_BUCKETS);
      if (seconds < 1e-6 || seconds > 3_600) return;
      const middle = durationQuantile([{ bucket, count: 1 }], 0.5)!;
      expect(Math.abs(middle / seconds - 1)).toBeLessThan(0.05);
    },
  );

  test('have quantiles over all buckets', () => {
    const counts = Array.from({ length: 1_000 }, (_, index) => ({
      bucket: durationBucket((index + 1) / 1e4),
      count: 1,
    }));
    expect(durationQuantile(counts.reverse(), 0.5)).toBeCloseTo(0.05, 2);
    expect(durationQuantile(counts, 0.99)).toBeCloseTo(0.099, 2);
    expect(durationQuantile([], 0.5)).toBeNull();
  });
});

describe('an experiment log', () => {
  test('saves its records in one batch, with their sums', async () => {
    const batches: ExperimentBatch[] = [];
    const experimentLog = createExperimentLog({ save: async (batch) => void batches.push(batch) }, silentLog);
    for (let index = 0; index < 3; index += 1) experimentLog.recordAnswer(active, 'active', 1e-4, 0.5, 7, index === 0);
    experimentLog.recordFailure(active, 'active', 7);
    experimentLog.recordReview(active, 'an id', 7, 'spam', 0.5);
    experimentLog.recordShadowResult(shadowResult);
    experimentLog.recordShadowResult({ ...shadowResult, id: 'another id' });
    await experimentLog.flush();
    await experimentLog.flush();
    const minute = { model: 'spam', version: '1', use: 'answer', minute: Math.floor(Date.now() / 60_000) };
    const bucket = durationBucket(1e-4);
    const slot = { model: 'spam', version: '1', artefact, role: 'active', slot: 0, asked: false };
    expect(batches).toEqual([
      {
        labels: ['an id', 'another id'].map((id) => ({ id, predictedAt: 5, version: '2', artefact, label: 'ham' })),
        reviews: [
          { model: 'spam', version: '1', artefact, id: 'an id', predictedAt: 7, label: 'spam', confidence: 0.5 },
        ],
        pairs: [{ ...experiment, activeLabel: 'spam', shadowLabel: 'ham', count: 2 }],
        slotPairs: [{ ...experiment, slot: 0, asked: false, agrees: false, count: 2 }],
        minutes: [
          { ...minute, bucket, count: 3, confidence: 1.5 },
          { ...minute, bucket: -1, count: 1, confidence: 0 },
          { ...minute, version: '2', use: 'shadow', bucket, count: 2, confidence: 1.5 },
        ].map((row) => ({ ...row, minute: expect.any(Number) })),
        slots: [
          { ...slot, kind: 'duration', bin: bucket, count: 3 },
          { ...slot, kind: 'duration', bin: -1, count: 1 },
          { ...slot, kind: 'confidence', bin: 5, count: 2 },
          { ...slot, kind: 'confidence', bin: 5, count: 1, asked: true },
          { ...slot, version: '2', role: 'shadow', kind: 'duration', bin: bucket, count: 2 },
          { ...slot, version: '2', role: 'shadow', kind: 'confidence', bin: 7, count: 2 },
        ],
      },
    ]);
  });

  test('logs a failure of the store once, and does not fail itself', async () => {
    const lines: string[] = [];
    const log = createLog('debug', { write: (line) => void lines.push(line) });
    const experimentLog = createExperimentLog({ save: () => Promise.reject(new Error('the disk is full')) }, log);
    for (let index = 0; index < 3; index += 1) {
      experimentLog.recordShadowResult(shadowResult);
      await experimentLog.flush();
    }
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ msg: 'experiment data not stored', 'exception.message': 'the disk is full' }),
    ]);
  });

  test('separates the slots of an hour at a change of roles, and at the next hour', async () => {
    const batches: ExperimentBatch[] = [];
    const experimentLog = createExperimentLog({ save: async (batch) => void batches.push(batch) }, silentLog);
    const hour = 3_600_000;
    const answer = (at: number) => experimentLog.recordAnswer(active, 'active', 1e-4, 0.5, at, false);
    for (const at of [5 * hour, 5 * hour + 9]) answer(at);
    experimentLog.startSlot('spam', 5 * hour + 10);
    for (const at of [5 * hour + 10, 5 * hour + 999, 5 * hour + 1_000]) answer(at);
    answer(6 * hour);
    await experimentLog.flush();
    const counts = batches[0]!.slots.filter(({ kind }) => kind === 'confidence');
    expect(counts.map(({ slot, count }) => [slot, count])).toEqual([
      [5 * hour, 2],
      [5 * hour + 10, 3],
      [6 * hour, 1],
    ]);
  });

  test('limits the number of labels in a batch', async () => {
    const batches: ExperimentBatch[] = [];
    const experimentLog = createExperimentLog({ save: async (batch) => void batches.push(batch) }, silentLog);
    for (let index = 0; index < 30_000; index += 1) experimentLog.recordShadowResult(shadowResult);
    await experimentLog.flush();
    expect(batches[0]!.labels).toHaveLength(20_000);
    expect(batches[0]!.pairs).toEqual([expect.objectContaining({ count: 30_000 })]);
  });
});
