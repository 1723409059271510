import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { mailToText } from '../../../src/mail/mail-text.ts';
import { post, shareServices } from '../in-process.ts';

const serve = shareServices();

const spam = 'Congratulations, you won free money, click here to claim your prize now';
const ham = 'The patch applies cleanly to the current kernel tree; see the list archive for the discussion.';

describe('POST /predict', () => {
  test('returns label, confidence, scores, model and trace', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict`, { text: spam });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const body = (await response.json()) as Record<string, unknown> & { scores: Record<string, number> };
    expect(Object.keys(body).sort()).toEqual([
      'anomalies',
      'confidence',
      'id',
      'model',
      'prediction',
      'scores',
      'traceId',
    ]);
    expect(body).toMatchObject({ prediction: 'spam', model: { name: 'spam', version: expect.any(String) } });
    expect(body['confidence']).toBe(body.scores['spam']);
    expect(body.scores['spam']! + body.scores['ham']!).toBeCloseTo(1, 12);
    expect(body['traceId']).toBe(response.headers.get('x-trace-id'));
  });

  test('classifies real mails correctly', async () => {
    const { url } = await serve();
    const folder = 'test/fixtures/mail';
    const files = (await readdir(folder)).filter((file) => file.endsWith('.eml'));
    expect(files.length).toBeGreaterThanOrEqual(10);
    let correct = 0;
    for (const file of files) {
      const text = await mailToText(await readFile(`${folder}/${file}`));
      const { prediction } = (await (await post(`${url}/predict`, { text })).json()) as { prediction: string };
      if (file.startsWith(prediction)) correct++;
    }
    expect(correct / files.length).toBeGreaterThanOrEqual(0.9);
  });

  test('accepts a model by name, and by name and version', async () => {
    const { url } = await serve();
    const { model } = (await (await post(`${url}/predict`, { text: ham })).json()) as {
      model: { name: string; version: string };
    };
    for (const reference of ['spam', `spam@${model.version}`]) {
      const response = await post(`${url}/predict`, { text: ham, model: reference });
      expect(await response.json()).toMatchObject({ prediction: 'ham', model });
    }
  });

  test('returns an explanation on request, strongest feature first', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict?explain=100000`, { text: spam });
    const { explanation, scores } = (await response.json()) as {
      explanation: { feature: string; weight: number }[];
      scores: Record<string, number>;
    };
    const weights = explanation.map(({ weight }) => Math.abs(weight));
    expect(weights.length).toBeGreaterThan(3);
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
    const logOdds = Math.log(scores['spam']! / scores['ham']!);
    expect(explanation.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(logOdds, 3);
  });

  test.each([
    ['true', 20],
    ['', 20],
    ['7', 7],
    ['0', undefined],
    ['false', undefined],
  ])('explains itself with as many features as explain=%s asks for', async (explain, features) => {
    const { url } = await serve();
    const response = await post(`${url}/predict?explain=${explain}`, { text: `${spam} ${ham} `.repeat(3) });
    const { explanation } = (await response.json()) as { explanation?: unknown[] };
    expect(explanation?.length).toBe(features);
  });

  test('says which anomalies a text has, mostly none', async () => {
    const { url } = await serve();
    const anomaliesOf = async (text: string) =>
      ((await (await post(`${url}/predict`, { text })).json()) as { anomalies: string[] }).anomalies;
    expect(await anomaliesOf('zzyzx qwrtpl vvbnkj')).toContain('unknown_words');
    const batch = await post(`${url}/predict/batch`, { texts: ['zzyzx qwrtpl vvbnkj'] });
    const { predictions } = (await batch.json()) as { predictions: { anomalies: string[] }[] };
    expect(predictions[0]!.anomalies).toContain('unknown_words');
    expect(await anomaliesOf(`${spam} `.repeat(10))).toEqual(expect.any(Array));
  });

  test('asks for a reviewed label of a share of the predictions', async () => {
    const { url } = await serve({ REVIEW_SHARE: '0.5' });
    const batch = await post(`${url}/predict/batch`, { texts: Array<string>(60).fill(spam) });
    const { predictions } = (await batch.json()) as { predictions: { review?: boolean }[] };
    expect(new Set(predictions.map(({ review }) => review))).toEqual(new Set([true, undefined]));
  });

  test.each(['', '\0', '🦊', '\ud800', 'a'.repeat(100_000)])('accepts any text', async (text) => {
    const { url } = await serve();
    const response = await post(`${url}/predict`, { text });
    expect(response.status).toBe(200);
    const { scores } = (await response.json()) as { scores: Record<string, number> };
    expect(scores['spam']! + scores['ham']!).toBeCloseTo(1, 12);
  });
});

describe('POST /predict/batch', () => {
  test('returns predictions in order, each as for a single request', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict/batch`, { texts: [spam, ham, spam] });
    const body = (await response.json()) as { predictions: Record<string, unknown>[]; traceId: string };
    expect(body.predictions.map(({ prediction }) => prediction)).toEqual(['spam', 'ham', 'spam']);
    expect(body.traceId).toBe(response.headers.get('x-trace-id'));
    expect(new Set(body.predictions.map(({ id }) => id)).size).toBe(3);
    const single = (await (await post(`${url}/predict`, { text: spam })).json()) as Record<string, unknown>;
    expect(Object.keys(body.predictions[0]!).sort()).toEqual([
      'anomalies',
      'confidence',
      'id',
      'model',
      'prediction',
      'scores',
    ]);
    expect(body.predictions[0]!['scores']).toEqual(single['scores']);
  });
});

describe('GET /models', () => {
  test('lists the loaded models with their scores', async () => {
    const { url } = await serve();
    const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { name: string; active: string }[] };
    expect(models).toEqual([
      expect.objectContaining({ name: 'spam', active: expect.any(String), shadow: null, canary: null }),
    ]);
    const model = await (await fetch(`${url}/models/spam`)).json();
    expect(model).toMatchObject(models[0]!);
    expect(model).toMatchObject({
      versions: [
        { labels: ['ham', 'spam'], sha256: expect.stringMatching(/^[0-9a-f]{64}$/), algorithm: expect.any(String) },
      ],
    });
  });
});
