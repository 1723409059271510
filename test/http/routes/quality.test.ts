import { describe, expect, test } from 'vitest';
import { post, serve } from '../in-process.ts';

interface Prediction {
  id: string;
  prediction: string;
}

const spam = 'Congratulations, you won free money, click here to claim your prize now';
const ham = 'The patch applies cleanly to the current kernel tree; see the list archive for the discussion.';

/** Predicts texts, and records the true label of each. */
async function giveFeedback(url: string, labelled: [text: string, actual: string][]): Promise<void> {
  const texts = labelled.map(([text]) => text);
  const response = await post(`${url}/predict/batch`, { texts });
  const { predictions } = (await response.json()) as { predictions: Prediction[] };
  for (const [i, { id }] of predictions.entries()) {
    expect((await post(`${url}/feedback`, { id, label: labelled[i]![1] })).status).toBe(200);
  }
}

async function get(url: string): Promise<Record<string, unknown>> {
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

describe('GET /quality', () => {
  test('reports the scores of the confusion matrix of the feedback', async () => {
    const { url } = await serve();
    await giveFeedback(url, [
      [spam, 'spam'],
      [spam, 'spam'],
      [spam, 'ham'],
      [ham, 'ham'],
    ]);
    const report = await get(`${url}/quality`);
    expect(report).toMatchObject({
      model: { name: 'spam', version: '1' },
      since: null,
      count: 4,
      accuracy: 0.75,
      micro: { precision: 0.75, recall: 0.75, f1: 0.75 },
      confusionMatrix: {
        labels: ['ham', 'spam'],
        counts: [
          [1, 1],
          [0, 2],
        ],
      },
      labels: {
        ham: { precision: 1, recall: 0.5, support: 2, predicted: 1 },
        spam: { precision: 2 / 3, recall: 1, f1: 0.8, support: 2, predicted: 3 },
      },
    });
    const { labels, macro, accuracyInterval } = report as {
      labels: Record<string, { f1: number; precisionInterval: { low: number; high: number } }>;
      macro: { f1: number };
      accuracyInterval: { low: number; high: number };
    };
    expect(macro.f1).toBeCloseTo((labels['ham']!.f1 + labels['spam']!.f1) / 2, 12);
    expect(accuracyInterval.low).toBeCloseTo(0.3006418, 6);
    expect(accuracyInterval.high).toBeCloseTo(0.9544127, 6);
    expect(labels['ham']!.precisionInterval.high).toBe(1);
  });

  test('has no accuracy without feedback, and the widest interval', async () => {
    const { url } = await serve();
    expect(await get(`${url}/quality`)).toMatchObject({
      count: 0,
      accuracy: null,
      accuracyInterval: { low: 0, high: 1 },
      labels: {},
      confusionMatrix: { labels: [], counts: [] },
    });
  });

  test('defines every score of a label that was never predicted, or never true', async () => {
    const { url } = await serve();
    await giveFeedback(url, [[spam, 'ham']]);
    expect(await get(`${url}/quality`)).toMatchObject({
      accuracy: 0,
      macro: { precision: 0, recall: 0, f1: 0 },
      labels: {
        ham: { precision: 0, recall: 0, f1: 0, support: 1, predicted: 0 },
        spam: { precision: 0, recall: 0, f1: 0, support: 0, predicted: 1 },
      },
    });
  });

  test('counts only the feedback of a window', async () => {
    const { url } = await serve();
    await giveFeedback(url, [[spam, 'spam']]);
    expect(await get(`${url}/quality?window=1h`)).toMatchObject({ count: 1, since: expect.any(String) });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await get(`${url}/quality?window=1s`)).toMatchObject({ count: 0 });
    expect(await get(`${url}/quality?window=1s&model=spam@1`)).toMatchObject({ count: 0 });
  });

  test('does not count reports, of which most are errors, and says how many there are', async () => {
    const { url } = await serve();
    const batch = await post(`${url}/predict/batch`, { texts: Array<string>(3).fill(spam) });
    const { predictions } = (await batch.json()) as { predictions: Prediction[] };
    const give = (at: number, label: string, source?: string) =>
      post(`${url}/feedback`, { id: predictions[at]!.id, label, ...(source && { source }) });
    await give(0, 'ham', 'report');
    await give(1, 'spam', 'review');
    await give(2, 'spam');
    expect(await get(`${url}/quality`)).toMatchObject({
      count: 2,
      accuracy: 1,
      sources: { truth: 1, review: 1, report: 1 },
      confusionMatrix: { labels: ['spam'], counts: [[2]] },
      calibration: [{ from: 0.8, to: 0.9, count: 2, accuracy: 1 }],
      accuracyByCoverage: [{ minConfidence: expect.closeTo(0.85, 1), coverage: 1, count: 2, accuracy: 1 }],
    });
    expect((await give(2, 'spam', 'rumour')).status).toBe(422);
  });

  test('has the accuracy that remains with a minimum for the confidence', async () => {
    const { url } = await serve();
    await giveFeedback(url, [
      [spam, 'spam'],
      [ham, 'ham'],
      ['zzyzx qwrtpl vvbnkj', 'spam'],
      ['zzyzx qwrtpl vvbnkj', 'ham'],
    ]);
    const confidenceOf = async (text: string) =>
      ((await (await post(`${url}/predict`, { text })).json()) as { confidence: number }).confidence;
    const confidences = await Promise.all([spam, ham, 'zzyzx qwrtpl vvbnkj'].map(confidenceOf));
    const { accuracyByCoverage } = await get(`${url}/quality`);
    const points = accuracyByCoverage as { minConfidence: number; coverage: number; accuracy: number }[];
    expect(points[0]).toMatchObject({ coverage: 1, count: 4, accuracy: 0.75 });
    expect(points.find(({ coverage }) => coverage === 0.5)).toMatchObject({ count: 2, accuracy: 1 });
    // Ids have the confidence in steps of 1/255. A minimum leaves out no prediction of its step.
    for (const { minConfidence } of points) {
      const above = Math.min(...confidences.map((confidence) => Math.abs(confidence - minConfidence)));
      expect(above).toBeLessThanOrEqual(1 / 255);
      expect(confidences.some((confidence) => confidence >= minConfidence)).toBe(true);
    }
  });

  test('says which part of the predictions has a label', async () => {
    const { url } = await serve({ REVIEW_SHARE: '1' });
    await giveFeedback(url, [
      [spam, 'spam'],
      [ham, 'ham'],
    ]);
    await post(`${url}/predict`, { text: ham });
    await expect
      .poll(async () => (await get(`${url}/quality`))['coverage'], { timeout: 10_000 })
      .toMatchObject({
        predictions: 3,
        labelled: 2,
        ratio: 2 / 3,
        asked: 3,
        reviewed: 2,
        fairness: { verdict: 'unsure' },
      });
  });

  test.each([
    ['?window=soon', 422, 'invalid-request'],
    ['?window=1h&window=2h', 422, 'invalid-request'],
    ['?model=eggs', 404, 'model-not-found'],
    ['?model=spam@0', 404, 'model-not-found'],
  ])('rejects %s', async (query, status, problem) => {
    const { url } = await serve();
    const response = await fetch(`${url}/quality${query}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ type: `urn:waymark:problem:${problem}` });
  });
});
