import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Feedback } from '../../src/feedback/database/feedback.ts';
import { type FeedbackStore, openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import { createPredictionIds } from '../../src/predictions/prediction-id.ts';

const feedback: Feedback = {
  id: 'an id',
  model: 'spam',
  version: '1',
  predicted: 'spam',
  actual: 'ham',
  predictedAt: 1_000,
  receivedAt: 2_000,
  source: 'truth',
  role: 'active',
  confidence: 0.85,
  reviewShare: 0,
  artefact: 'a1',
};
const key = { model: 'spam', version: '1', artefact: 'a1' };
const counted = { source: 'truth', reviewShare: 0, bin: 8, actual: 'ham', predicted: 'spam', count: 1 };

async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'waymark-feedback-'));
}

async function open(folder: string): Promise<FeedbackStore> {
  const store = await openFeedbackStore(folder);
  onTestFinished(() => store.close());
  return store;
}

describe('the feedback store', () => {
  test('keeps one feedback per id if it comes several times', async () => {
    const store = await open(await newFolder());
    const outcomes = await Promise.all([1, 2, 3].map(() => store.record(feedback)));
    expect(outcomes).toEqual(['recorded', 'repeated', 'repeated']);
    expect(await store.record({ ...feedback, receivedAt: 3_000 })).toBe('repeated');
    expect(await store.counts(key)).toEqual([counted]);
  });

  test('returns confidences by the id, or by the tenth if the id has none, of labels that are no reports', async () => {
    const store = await open(await newFolder());
    const ids = createPredictionIds('a key of at least 16 characters');
    const sign = (confidence: number) =>
      ids.sign({
        traceId: 'a'.repeat(32),
        spanId: 'b'.repeat(16),
        time: 1_000,
        model: 'spam',
        version: '1',
        label: 'spam',
        role: 'active',
        confidence,
        reviewShare: 0,
        sha256: 'a'.repeat(64),
        text: String(confidence),
      });
    await store.record({ ...feedback, id: sign(0.9), confidence: 0.9 });
    await store.record({ ...feedback, id: sign(0.9005), confidence: 0.9005, actual: 'spam' });
    await store.record({ ...feedback, id: 'an id without it' });
    await store.record({ ...feedback, id: sign(0.7), confidence: 0.7, source: 'report' });
    await store.record({ ...feedback, id: sign(0), confidence: undefined });
    const step = { source: 'truth', reviewShare: 0, confidence: expect.closeTo(0.9, 2), count: 1 };
    expect(await store.confidences(key)).toEqual([
      { ...step, confidence: 0.8, correct: false },
      { ...step, correct: false },
      { ...step, correct: true },
    ]);
    expect(await store.confidences({ ...key, since: 1_001 })).toEqual([]);
  });

  test('keeps the first label if another label comes', async () => {
    const store = await open(await newFolder());
    await store.record(feedback);
    expect(await store.record({ ...feedback, actual: 'spam' })).toBe('conflict');
    expect(await store.counts(key)).toEqual([counted]);
  });

  test('counts by model version and since a time', async () => {
    const store = await open(await newFolder());
    await store.record(feedback);
    await store.record({ ...feedback, id: 'later', predictedAt: 5_000, receivedAt: 5_000 });
    await store.record({ ...feedback, id: 'other', version: '2' });
    expect(await store.counts(key)).toEqual([{ ...counted, count: 2 }]);
    expect(await store.counts({ ...key, since: 1_001 })).toEqual([counted]);
    expect(await store.counts({ ...key, until: 5_000 })).toEqual([counted]);
    expect(await store.counts({ ...key, role: 'canary' })).toEqual([]);
    expect(await store.counts({ ...key, since: 5_001 })).toEqual([]);
    expect(await store.counts({ ...key, version: '3' })).toEqual([]);
  });

  test('has all feedback after it is closed and opened again', async () => {
    const folder = await newFolder();
    const before = await openFeedbackStore(folder);
    await before.record(feedback);
    await before.close();
    const after = await open(folder);
    expect(await after.totals()).toEqual([
      { model: 'spam', version: '1', source: 'truth', actual: 'ham', predicted: 'spam', count: 1 },
    ]);
    expect(await after.record(feedback)).toBe('repeated');
  });

  test('rejects requests after it is closed', async () => {
    const store = await openFeedbackStore(await newFolder());
    await store.close();
    await expect(store.record(feedback)).rejects.toThrow('has ended');
  });

  test('fails to open if its folder cannot be used', async () => {
    await expect(openFeedbackStore('/dev/null/data')).rejects.toThrow('the feedback store');
  });
});
