import { describe, expect, test } from 'vitest';
import type { PredictionsAnswer, ProcessHistory } from '../../../src/recent/prediction-row.ts';
import type { TraceAnswer } from '../../../src/recent/trace-answer.ts';
import { smallModels } from '../../models/small-models.ts';
import { bearer, storedToken, writeTokens } from '../access/token-files.ts';
import { post, serve } from '../in-process.ts';

const SPAM = 'Congratulations, you won free money, click here to claim your prize now';

async function list(url: string, query = ''): Promise<PredictionsAnswer> {
  const response = await fetch(`${url}/predictions${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as PredictionsAnswer;
}

async function predict(url: string, text = SPAM) {
  const response = await post(`${url}/predict`, { text });
  return (await response.json()) as { id: string; traceId: string; prediction: string; confidence: number };
}

describe('GET /predictions', () => {
  test('returns each prediction as it was answered', async () => {
    const { url } = await serve();
    const answer = await predict(url);
    const { predictions, kept, workers } = await list(url);
    expect(predictions).toHaveLength(1);
    const { id, traceId, prediction, confidence } = answer;
    expect(predictions[0]).toMatchObject({ id, traceId, prediction, confidence, route: 'POST /predict', status: 200 });
    expect(predictions[0]).toMatchObject({ model: 'spam', version: '1', role: 'active', worker: 1 });
    expect(predictions[0]!.requestSeconds).toBeGreaterThan(predictions[0]!.tokenizeSeconds!);
    expect(predictions[0]).not.toHaveProperty('text');
    expect(kept).toMatchObject({ rows: 1, of: 1 });
    expect(workers).toEqual({ asked: 1, answered: 1 });
  });

  test('has the text with CAPTURE_TEXT', async () => {
    const { url } = await serve({ CAPTURE_TEXT: 'true' });
    await predict(url);
    expect((await list(url)).predictions[0]!.text).toBe(SPAM);
  });

  test('has each text of a batch, and of an inference request', async () => {
    const { url } = await serve();
    await post(`${url}/predict/batch`, { texts: [SPAM, 'See you at the meeting'] });
    await post(`${url}/v2/models/spam/infer`, {
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['See you at the meeting'] }],
    });
    const { predictions } = await list(url);
    expect(predictions.map(({ route }) => route)).toEqual([
      'POST /v2/models/:name/infer',
      'POST /predict/batch',
      'POST /predict/batch',
    ]);
  });

  test('has failed requests, with the type of their problem', async () => {
    const { url } = await serve({ MAX_TEXT_CHARACTERS: '10' });
    await post(`${url}/predict`, { text: SPAM });
    await post(`${url}/predict`, '{');
    await post(`${url}/predict`, { text: 'x', model: 'unknown' });
    const { predictions } = await list(url, '?kept=error');
    expect(predictions.map(({ status, errorType, prediction }) => [status, errorType, prediction])).toEqual([
      [404, 'model-not-found', null],
      [400, 'malformed-json', null],
      [422, 'text-too-long', null],
    ]);
  });

  test('shows feedback when it comes, its correction, and nothing after it was erased', async () => {
    const { url } = await serve();
    const { id } = await predict(url);
    await post(`${url}/feedback`, { id, label: 'ham', source: 'report' });
    const wrong = await list(url, '?correct=false&kept=wrong');
    expect(wrong.predictions[0]).toMatchObject({ id, feedback: { label: 'ham', source: 'report', correct: false } });
    const send = (method: string, body?: unknown) =>
      fetch(`${url}/feedback/${id}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    expect((await send('PUT', { label: 'spam' })).status).toBe(200);
    expect((await list(url)).predictions[0]!.feedback).toMatchObject({ label: 'spam', correct: true });
    expect((await send('DELETE')).status).toBeLessThan(300);
    expect((await list(url)).predictions[0]).not.toHaveProperty('feedback');
  });

  test('has pages', async () => {
    const { url } = await serve();
    for (let sent = 0; sent < 5; sent += 1) await predict(url);
    const { predictions } = await list(url, '?limit=3');
    expect(predictions).toHaveLength(3);
    const times = (await list(url)).predictions.map(({ time }) => time);
    expect(times).toEqual(times.toSorted().toReversed());
    const older = await list(url, `?before=${predictions[0]!.time}`);
    expect(older.predictions.every(({ time }) => time < predictions[0]!.time)).toBe(true);
  });

  test.each([
    ['?limit=0', /"limit" must be/],
    ['?limit=10001', /"limit" must be/],
    ['?before=yesterday', /"before" must be/],
    ['?colour=red', /the unknown parameter "colour"; allowed: .*model/],
    ['?requestSeconds=slow', /"requestSeconds" must be/],
  ])('%s is refused', async (query, detail) => {
    const { url } = await serve();
    const response = await fetch(`${url}/predictions${query}`);
    expect(response.status).toBe(422);
    expect(((await response.json()) as { detail: string }).detail).toMatch(detail);
  });

  test('needs the scope read, and shows the models of the token only', async () => {
    const API_TOKENS_FILE = await writeTokens(
      storedToken('ann', ['predict', 'read']),
      storedToken('bob', ['predict']),
      storedToken('eve', ['read'], { models: ['other'] }),
    );
    const { url } = await serve({ API_TOKENS_FILE });
    const { traceId } = (await (await post(`${url}/predict`, { text: SPAM }, bearer('ann'))).json()) as {
      traceId: string;
    };
    await post(`${url}/predict`, { text: SPAM });
    const listAs = async (name: string) => {
      const response = await fetch(`${url}/predictions`, { headers: bearer(name) });
      return response.ok ? ((await response.json()) as PredictionsAnswer).predictions.length : response.status;
    };
    expect((await fetch(`${url}/predictions`)).status).toBe(401);
    expect([await listAs('ann'), await listAs('bob'), await listAs('eve')]).toEqual([1, 403, 0]);
    const traceAs = async (name: string) => (await fetch(`${url}/traces/${traceId}`, { headers: bearer(name) })).status;
    expect([await traceAs('ann'), await traceAs('bob'), await traceAs('eve')]).toEqual([200, 403, 404]);
    const compared = await post(`${url}/compare`, { selection: { model: 'spam' } }, bearer('eve'));
    expect(await compared.json()).toMatchObject({ selection: 0, baseline: 0 });
  });
});

describe('GET /traces/{traceId}', () => {
  test('builds the trace of a prediction', async () => {
    const { url } = await serve();
    const { traceId, id } = await predict(url);
    const response = await fetch(`${url}/traces/${traceId}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-waymark-trace-source')).toBe('memory');
    const { resourceSpans } = (await response.json()) as TraceAnswer;
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
    expect(spans.map(({ name, kind }) => [name, kind])).toEqual([
      ['POST /predict', 2],
      ['classify', 1],
      ['tokenize', 1],
      ['score', 1],
    ]);
    const [server, classify, tokenize, score] = spans;
    expect(classify!.parentSpanId).toBe(server!.spanId);
    expect([tokenize!.parentSpanId, score!.parentSpanId]).toEqual([classify!.spanId, classify!.spanId]);
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(4);
    expect(classify!.attributes).toContainEqual({ key: 'classifier.prediction.id', value: { stringValue: id } });
    const nested = [server, classify, tokenize].map((span) => BigInt(span!.startTimeUnixNano));
    expect(nested[0]! <= nested[1]! && nested[1]! <= nested[2]!).toBe(true);
    expect(BigInt(score!.endTimeUnixNano) <= BigInt(server!.endTimeUnixNano)).toBe(true);
  });

  test('has one classify span for each text of a batch', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict/batch`, { texts: Array.from({ length: 50 }, () => SPAM) });
    const trace = await fetch(`${url}/traces/${response.headers.get('x-trace-id')}`);
    const { resourceSpans } = (await trace.json()) as TraceAnswer;
    const spans = resourceSpans[0]!.scopeSpans[0]!.spans;
    expect(spans.filter(({ name }) => name === 'classify')).toHaveLength(50);
    expect(spans).toHaveLength(51);
  });

  test('says what is remembered if the trace is not known', async () => {
    const { url } = await serve();
    const unknown = await fetch(`${url}/traces/${'ab'.repeat(16)}`);
    expect(unknown.status).toBe(404);
    expect(((await unknown.json()) as { detail: string }).detail).toMatch(
      /remembers 0 predictions since .*JAEGER_QUERY_URL/,
    );
    expect((await fetch(`${url}/traces/not-an-id`)).status).toBe(422);
  });
});

describe('GET /process/history', () => {
  test('has the start of the service, and measurements', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/process/history?minutes=5`);
    const { stepSeconds, points, events } = (await response.json()) as ProcessHistory;
    expect(stepSeconds).toBe(10);
    expect(points.at(-1)!.memoryBytes).toBeGreaterThan(1_000_000);
    expect(events).toEqual([expect.objectContaining({ kind: 'start', detail: 'The service started.' })]);
    expect((await fetch(`${url}/process/history?minutes=61`)).status).toBe(422);
  });

  test('has changes of roles, and rows have the label of the shadow', async () => {
    const { url } = await serve({ MODELS_DIR: await smallModels('1', '2') });
    await post(`${url}/models/spam/activate`, { version: '1' });
    await post(`${url}/models/spam/shadow`, { version: '2' });
    await predict(url);
    const { events } = (await (await fetch(`${url}/process/history`)).json()) as ProcessHistory;
    expect(events.slice(1)).toMatchObject([
      {
        kind: 'role',
        model: 'spam',
        version: '1',
        role: 'active',
        detail: 'Version 1 of spam is active instead of 2.',
      },
      { kind: 'role', model: 'spam', version: '2', role: 'shadow', detail: 'Version 2 of spam is shadow.' },
    ]);
    await expect.poll(async () => (await list(url)).predictions[0]!.shadow?.version).toBe('2');
  });
});

test('GET /console/settings needs no token', async () => {
  const { url } = await serve({
    API_TOKENS: 'secret',
    GRAFANA_URL: 'http://localhost:3001',
    JAEGER_QUERY_URL: 'http://127.0.0.1:9',
  });
  const response = await fetch(`${url}/console/settings`);
  expect(await response.json()).toMatchObject({
    jaegerUiUrl: null,
    grafanaUrl: 'http://localhost:3001',
    captureText: false,
    defaultModel: 'spam',
    tokens: true,
    jaegerQuery: true,
    logs: false,
    replica: null,
  });
});
