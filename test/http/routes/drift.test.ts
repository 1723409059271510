import { describe, expect, test } from 'vitest';
import { post, serve } from '../in-process.ts';

interface Report {
  verdict: string;
  predictions: number;
  features: Record<string, { psi: number; js: number; samples: number; verdict: string; bins: { count: number }[] }>;
}

async function drift(url: string): Promise<Report> {
  return (await (await fetch(`${url}/drift`)).json()) as Report;
}

describe('GET /drift', () => {
  test('is unsure before the first prediction', async () => {
    const { url } = await serve();
    expect(await drift(url)).toMatchObject({
      model: { name: 'spam', version: '1' },
      windowSeconds: 3600,
      predictions: 0,
      verdict: 'unsure',
      features: { label: { psi: 0, psiInterval: null, samples: 0, samplesNeeded: 200, verdict: 'unsure' } },
    });
  });

  test('detects drift in foreign text, single and in batches', async () => {
    const { url } = await serve();
    await post(`${url}/predict`, { text: 'чужой текст' });
    await post(`${url}/predict/batch`, { texts: Array(299).fill('совсем чужой текст') });
    const { verdict, predictions, features } = await drift(url);
    expect(verdict).toBe('drift');
    expect(predictions).toBe(300);
    expect(Object.keys(features)).toEqual(['label', 'confidence', 'characters', 'unknown_ratio']);
    expect(features['unknown_ratio']).toMatchObject({ verdict: 'drift', samples: 300 });
    expect(features['unknown_ratio']!.psi).toBeGreaterThan(1);
    expect(features['unknown_ratio']!.js).toBeGreaterThan(0.5);
  });

  test('estimates the accuracy for GET /quality without feedback', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict/batch`, { texts: ['You won a prize', 'Minutes of the last meeting'] });
    const { predictions } = (await response.json()) as { predictions: { confidence: number }[] };
    const mean = predictions.reduce((sum, { confidence }) => sum + confidence, 0) / 2;
    const quality = (await (await fetch(`${url}/quality`)).json()) as { estimate: { accuracy: number } };
    expect(quality).toMatchObject({ accuracy: null, count: 0, estimate: { isEstimate: true, predictions: 2 } });
    expect(quality.estimate.accuracy).toBeCloseTo(mean, 12);
  });

  test('answers 404 for a model that is not loaded', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/drift?model=eggs`)).status).toBe(404);
  });
});
