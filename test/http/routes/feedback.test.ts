import { describe, expect, test } from 'vitest';
import { post, serve } from '../in-process.ts';

interface Prediction {
  id: string;
  prediction: string;
}

const TEXT = 'You won a prize, click here';

async function predict(url: string): Promise<Prediction> {
  return (await (await post(`${url}/predict`, { text: TEXT })).json()) as Prediction;
}

const otherLabel = ({ prediction }: Prediction) => (prediction === 'spam' ? 'ham' : 'spam');

describe('POST /feedback', () => {
  test('records the true label of a prediction', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    const response = await post(`${url}/feedback`, { id: prediction.id, label: prediction.prediction });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      id: prediction.id,
      prediction: prediction.prediction,
      label: prediction.prediction,
      correct: true,
      predictionTraceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      traceId: response.headers.get('x-trace-id'),
    });
  });

  test('records a label that differs from the prediction, with the text', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    const label = otherLabel(prediction);
    const response = await post(`${url}/feedback`, { id: prediction.id, label, text: TEXT });
    expect(await response.json()).toMatchObject({ prediction: prediction.prediction, label, correct: false });
  });

  test('refuses another text than the one that was classified, which would poison the training data', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    const feedback = { id: prediction.id, label: prediction.prediction, text: `${TEXT}!` };
    const response = await post(`${url}/feedback`, feedback);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ type: 'urn:waymark:problem:text-mismatch' });
    expect((await post(`${url}/feedback`, { ...feedback, text: TEXT })).status).toBe(200);
  });

  test('accepts the same feedback again, and answers another label with a conflict', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    const feedback = { id: prediction.id, label: prediction.prediction };
    expect((await post(`${url}/feedback`, feedback)).status).toBe(200);
    expect((await post(`${url}/feedback`, feedback)).status).toBe(200);
    const conflict = await post(`${url}/feedback`, { ...feedback, label: otherLabel(prediction) });
    expect(conflict.status).toBe(409);
    expect(await conflict.json()).toMatchObject({ type: 'urn:waymark:problem:feedback-conflict' });
    expect((await post(`${url}/feedback`, feedback)).status).toBe(200);
  });

  test('accepts feedback at another replica with the same key', async () => {
    const key = { PREDICTION_ID_KEY: 'a key of some length' };
    const [one, other] = [await serve(key), await serve(key)];
    const prediction = await predict(one.url);
    const response = await post(`${other.url}/feedback`, { id: prediction.id, label: 'ham' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: prediction.id, label: 'ham' });
  });

  test('rejects the id of a service with another key, a forged id, and an invalid id', async () => {
    const [one, other] = [await serve(), await serve()];
    const { id } = await predict(one.url);
    const forged = `${id.slice(0, 40)}${id[40] === 'A' ? 'B' : 'A'}${id.slice(41)}`;
    for (const [url, sent] of [
      [other.url, id],
      [one.url, forged],
      [one.url, 'an id'],
      [one.url, ''],
    ] as const) {
      const response = await post(`${url}/feedback`, { id: sent, label: 'ham' });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ type: 'urn:waymark:problem:unknown-prediction' });
    }
  });

  test('rejects a label that the model does not have, and names its labels', async () => {
    const { url } = await serve();
    const { id } = await predict(url);
    const response = await post(`${url}/feedback`, { id, label: 'eggs' });
    expect(response.status).toBe(422);
    const problem = (await response.json()) as { type: string; detail: string };
    expect(problem.type).toBe('urn:waymark:problem:unknown-label');
    expect(problem.detail).toMatch(/ham, spam|spam, ham/);
    expect(problem.detail).not.toContain('eggs');
  });

  test.each([
    [{ id: 'x' }, 'invalid-request'],
    [{ id: 1, label: 'ham' }, 'invalid-request'],
    [{ id: 'x', label: 'ham', extra: 1 }, 'invalid-request'],
    [{ id: 'x', label: 'ham', text: 'long'.repeat(9) }, 'text-too-long'],
  ])('rejects %j', async (body, problem) => {
    const { url } = await serve({ MAX_TEXT_CHARACTERS: '30' });
    const response = await post(`${url}/feedback`, body);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ type: `urn:waymark:problem:${problem}` });
  });
});

describe('PUT and DELETE /feedback/{id}', () => {
  const send = (url: string, method: string, body?: object) =>
    fetch(url, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  const countOf = async (url: string) =>
    ((await (await fetch(`${url}/quality`)).json()) as { count: number; accuracy: number | null }).accuracy;

  test('correct a label, in every figure', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    const { id } = prediction;
    expect((await send(`${url}/feedback/${id}`, 'PUT', { label: 'ham' })).status).toBe(404);
    await post(`${url}/feedback`, { id, label: otherLabel(prediction) });
    expect(await countOf(url)).toBe(0);
    const corrected = await send(`${url}/feedback/${id}`, 'PUT', { label: prediction.prediction });
    expect(corrected.status).toBe(200);
    expect(await corrected.json()).toMatchObject({
      id,
      label: prediction.prediction,
      correct: true,
      previousLabel: otherLabel(prediction),
      source: 'truth',
    });
    expect(await countOf(url)).toBe(1);
    expect((await send(`${url}/feedback/${id}`, 'PUT', { label: 'eggs' })).status).toBe(422);
    expect((await send(`${url}/feedback/forged`, 'PUT', { label: 'ham' })).status).toBe(422);
  });

  test('erase label and text', async () => {
    const { url } = await serve();
    const prediction = await predict(url);
    await post(`${url}/feedback`, { id: prediction.id, label: prediction.prediction, text: TEXT });
    const erased = await send(`${url}/feedback/${prediction.id}`, 'DELETE');
    expect(erased.status).toBe(200);
    expect(await erased.json()).toMatchObject({ id: prediction.id, erased: true });
    expect(await countOf(url)).toBeNull();
    expect((await send(`${url}/feedback/${prediction.id}`, 'DELETE')).status).toBe(404);
  });
});

describe('GET /reviews', () => {
  test('lists the predictions that wait for a label, until it comes', async () => {
    const { url } = await serve({ REVIEW_SHARE: '1' });
    const prediction = await predict(url);
    const reviews = async () =>
      ((await (await fetch(`${url}/reviews`)).json()) as { reviews: { id: string }[] }).reviews;
    await expect.poll(reviews, { timeout: 10_000 }).toEqual([
      expect.objectContaining({
        id: prediction.id,
        prediction: prediction.prediction,
        model: { name: 'spam', version: '1' },
      }),
    ]);
    await post(`${url}/feedback`, { id: prediction.id, label: 'ham', source: 'review' });
    expect(await reviews()).toEqual([]);
    expect((await fetch(`${url}/reviews?limit=0`)).status).toBe(422);
    expect((await fetch(`${url}/reviews?model=eggs`)).status).toBe(404);
  });
});
