import { expect, onTestFinished, test } from 'vitest';
import type { Feedback, FeedbackPlace } from '../../src/feedback/database/feedback.ts';
import { type FeedbackStore, openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import { createPredictionIds } from '../../src/predictions/prediction-id.ts';
import { describeEngines } from './engines.ts';

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

async function open(place: FeedbackPlace): Promise<FeedbackStore> {
  const store = await openFeedbackStore(place);
  onTestFinished(() => store.close());
  return store;
}

describeEngines('the feedback store', ({ newPlace }) => {
  test('keeps one feedback per id if it comes several times', async () => {
    const store = await open(await newPlace());
    const outcomes = await Promise.all([1, 2, 3].map(() => store.record(feedback)));
    expect(outcomes).toEqual(['recorded', 'repeated', 'repeated']);
    expect(await store.record({ ...feedback, receivedAt: 3_000 })).toBe('repeated');
    expect(await store.counts(key)).toEqual([counted]);
  });

  test('returns confidences by the id, or by the tenth if the id has none, of labels that are no reports', async () => {
    const store = await open(await newPlace());
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
    const store = await open(await newPlace());
    await store.record(feedback);
    expect(await store.record({ ...feedback, actual: 'spam' })).toBe('conflict');
    expect(await store.counts(key)).toEqual([counted]);
  });

  test('counts by model version and since a time', async () => {
    const store = await open(await newPlace());
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
    const place = await newPlace();
    const before = await openFeedbackStore(place);
    await before.record(feedback);
    await before.close();
    const after = await open(place);
    expect(await after.totals()).toEqual([
      { model: 'spam', version: '1', source: 'truth', actual: 'ham', predicted: 'spam', count: 1 },
    ]);
    expect(await after.record(feedback)).toBe('repeated');
  });

  test('rejects requests after it is closed', async () => {
    const store = await openFeedbackStore(await newPlace());
    await store.close();
    await expect(store.record(feedback)).rejects.toThrow('has ended');
  });

  test('keeps any character of texts and labels', async () => {
    const store = await open(await newPlace());
    const label = 'a\0b\u0001c\u00010 \'"\\{},NULL 漢字 🎉';
    await store.record({ ...feedback, actual: label, predicted: '\0', text: '\0\u0001' });
    expect(await store.record({ ...feedback, actual: label })).toBe('repeated');
    expect(await store.counts(key)).toEqual([{ ...counted, actual: label, predicted: '\0' }]);
    expect(await store.correct(feedback.id, '\u0001', 'an actor\0', 1)).toEqual({ actual: label, source: 'truth' });
    expect(await store.changes(feedback.id)).toEqual([
      { at: 1, actor: 'an actor\0', action: 'correct', from: label, to: '\u0001' },
    ]);
  });

  test('keeps labels and ids that are as long as they can be', async () => {
    const store = await open(await newPlace());
    const long = { ...feedback, id: 'i'.repeat(8_192), predicted: '漢'.repeat(1_000), actual: '字'.repeat(1_000) };
    await store.record(long);
    expect(await store.record(long)).toBe('repeated');
    const { predicted, actual } = long;
    expect(await store.counts(key)).toEqual([{ ...counted, predicted, actual }]);
  });

  test('records feedback that comes at the same time from several stores once', async () => {
    const place = await newPlace();
    const stores = await Promise.all([open(place), open(place), open(place)]);
    const ids = Array.from({ length: 200 }, (_, at) => `an id ${at}`);
    const given = stores.map((store, at) => {
      const order = at === 0 ? ids : ids.toReversed();
      return Promise.all(order.map((id) => store.record({ ...feedback, id, predicted: at === 2 ? 'ham' : 'spam' })));
    });
    const outcomes = (await Promise.all(given)).flat();
    expect(outcomes.filter((outcome) => outcome === 'recorded')).toHaveLength(200);
    expect(outcomes.filter((outcome) => outcome === 'repeated')).toHaveLength(400);
    const counts = await stores[0]!.counts(key);
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  });
});

test('the feedback store fails to open if its folder cannot be used', async () => {
  await expect(openFeedbackStore('/dev/null/data')).rejects.toThrow('the feedback store');
});
