import { describe, expect, test } from 'vitest';
import { createClient } from '../../../packages/client/src/client.ts';
import { ProblemError } from '../../../packages/client/src/errors.ts';
import { serve } from '../../http/in-process.ts';
import { respondWith, scriptedServer } from './scripted-server.ts';

const spam = 'Congratulations, you won free money, click here to claim your prize now';

describe('against the service', () => {
  test('predict returns label, confidence, scores, model and trace', async () => {
    const { url } = await serve();
    const answer = await createClient({ url: `${url}/` }).predict(spam);
    expect(answer).toMatchObject({
      prediction: 'spam',
      model: { name: 'spam' },
      traceId: expect.stringMatching(/^\w{32}$/),
    });
    expect(answer.confidence).toBe(answer.scores['spam']);
    expect(answer.explanation).toBeUndefined();
  });

  test('predict selects a model and returns an explanation on request', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const { model } = await client.predict(spam);
    const { explanation } = await client.predict(spam, { model: `spam@${model.version}`, explain: true });
    expect(explanation!.length).toBeGreaterThan(0);
  });

  test('minConfidence marks answers that a person should decide on', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    expect(await client.predict(spam, { minConfidence: 1 })).toMatchObject({ abstained: true });
    expect((await client.predict(spam, { minConfidence: 0 })).abstained).toBeUndefined();
    const { predictions } = await client.predictBatch([spam], { minConfidence: 1 });
    expect(predictions).toMatchObject([{ abstained: true }]);
  });

  test('predictBatch returns predictions in order', async () => {
    const { url } = await serve();
    const { predictions } = await createClient({ url }).predictBatch(
      [spam, 'The patch applies cleanly to the current kernel tree; see the list archive.'],
      {
        model: 'spam',
      },
    );
    expect(predictions.map(({ prediction }) => prediction)).toEqual(['spam', 'ham']);
  });

  test('models returns every model with its versions', async () => {
    const { url } = await serve();
    const [model] = await createClient({ url }).models();
    expect(model).toMatchObject({ name: 'spam', versions: [{ labels: ['ham', 'spam'] }] });
  });

  test('feedback counts once in the quality of the model', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const { id } = await client.predict(spam);
    for (let i = 0; i < 2; i++) {
      expect(await client.feedback({ id, label: 'spam' })).toMatchObject({ id, prediction: 'spam', correct: true });
    }
    await expect(client.feedback({ id, label: 'ham' })).rejects.toMatchObject({ problem: 'feedback-conflict' });
    expect(await client.quality({ window: '1h' })).toMatchObject({ count: 1, accuracy: 1, model: { name: 'spam' } });
  });

  test('predictions and compare ask for what the service remembers', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const { id, traceId } = await client.predict(spam);
    await client.predict('See you at the meeting');
    const { predictions, kept } = await client.predictions({ filters: { prediction: ['spam'], characters: '30..' } });
    expect(predictions).toMatchObject([{ id, traceId, prediction: 'spam', status: 200 }]);
    expect(kept).toMatchObject({ rows: 2, of: 2 });
    expect((await client.predictions({ limit: 1 })).predictions).toHaveLength(1);
    expect(await client.compare({ selection: { characters: '30..' } })).toMatchObject({ selection: 1, baseline: 1 });
  });

  test('trace and processHistory ask for one trace and for the last hour', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const { traceId } = await client.predict(spam);
    const { resourceSpans } = await client.trace(traceId);
    expect(JSON.stringify(resourceSpans)).toContain(traceId);
    await expect(client.trace('f'.repeat(32))).rejects.toMatchObject({ problem: 'trace-not-found' });
    expect(await client.processHistory()).toMatchObject({
      stepSeconds: expect.any(Number),
      events: [{ kind: 'start' }],
    });
  });

  test('followPredictions yields predictions and feedback as they come, until the loop ends', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const kinds: string[] = [];
    let sent: Promise<unknown> | undefined;
    for await (const message of client.followPredictions({ filters: { prediction: 'spam' } })) {
      // The first measurements show that the stream is open.
      sent ??= client.predict(spam).then(({ id }) => client.feedback({ id, label: 'ham' }));
      kinds.push(message.kind);
      if (message.kind === 'predictions') expect(message.predictions[0]).toMatchObject({ prediction: 'spam' });
      if (message.kind === 'feedback') {
        expect(message.feedback).toMatchObject({ label: 'ham', correct: false });
        break;
      }
    }
    await sent;
    expect(kinds).toEqual(expect.arrayContaining(['process', 'predictions', 'feedback']));
  });

  test('followPredictions ends with its signal, and a refusal is a problem', async () => {
    const { url } = await serve();
    const client = createClient({ url });
    const stop = new AbortController();
    const follow = async (signal: AbortSignal) => {
      for await (const { kind } of client.followPredictions({ signal }))
        if (kind === 'process') stop.abort(new Error('enough'));
    };
    await expect(follow(stop.signal)).rejects.toThrow('enough');
    await expect(client.followPredictions({ filters: { no: 'thing' } }).next()).rejects.toMatchObject({
      problem: 'invalid-request',
      url: `${url}/predictions/stream`,
    });
    await expect(createClient({ url: 'http://127.0.0.1:9' }).followPredictions().next()).rejects.toMatchObject({
      name: 'ConnectionError',
    });
  });

  test('a problem becomes an error with its type, status and trace', async () => {
    const { url } = await serve();
    const error = await createClient({ url })
      .predict(spam, { model: 'none' })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProblemError);
    expect(error).toMatchObject({
      problem: 'model-not-found',
      status: 404,
      traceId: expect.stringMatching(/^\w{32}$/),
    });
    expect((error as Error).message).toContain('there are: spam');
  });

  test('the token is sent', async () => {
    const { url } = await serve({ API_TOKENS: 'secret' });
    await expect(createClient({ url }).models()).rejects.toMatchObject({ problem: 'unauthorized' });
    await expect(createClient({ url, token: 'secret' }).models()).resolves.toHaveLength(1);
  });
});

describe('a request', () => {
  test('of feedback is a POST with id, label and the optional text', async () => {
    const { url, received } = await scriptedServer(respondWith({ correct: true }));
    const client = createClient({ url });
    expect(await client.feedback({ id: 'x', label: 'ham' })).toEqual({ correct: true });
    await client.feedback({ id: 'x', label: 'ham', text: 'a' });
    expect(received.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/feedback', '{"id":"x","label":"ham"}'],
      ['POST', '/feedback', '{"id":"x","label":"ham","text":"a"}'],
    ]);
  });

  test('of quality is a GET with the given parameters', async () => {
    const { url, received } = await scriptedServer(respondWith({ count: 0 }));
    await createClient({ url }).quality();
    await createClient({ url: `${url}/below/` }).quality({ model: 'spam@1', window: '24h' });
    expect(received.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /quality',
      'GET /below/quality?model=spam%401&window=24h',
    ]);
  });

  test('has headers that are computed for each call', async () => {
    const { url, received } = await scriptedServer(respondWith({ models: [] }));
    let count = 0;
    const client = createClient({ url, headers: () => ({ traceparent: `00-${++count}` }) });
    await client.models();
    await client.models();
    expect(received.map(({ headers }) => headers['traceparent'])).toEqual(['00-1', '00-2']);
  });
});

test('an invalid URL is rejected at once', () => {
  expect(() => createClient({ url: 'localhost' })).toThrow(TypeError);
});
