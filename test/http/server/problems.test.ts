import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { post, shareServices } from '../in-process.ts';

const serve = shareServices();

interface Details {
  type: string;
  title: string;
  status: number;
  detail: string;
  traceId: string;
}

async function problem(response: Response): Promise<Details> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const details = (await response.json()) as Details;
  expect(Object.keys(details).sort()).toEqual(['detail', 'status', 'title', 'traceId', 'type']);
  expect(details.status).toBe(response.status);
  expect(details.traceId).toBe(response.headers.get('x-trace-id'));
  return details;
}

describe('an invalid request gets a problem of its own type', () => {
  test.each([
    ['no body', '', 400, 'malformed-json', 'The body is empty'],
    ['broken JSON', '{"text": "a"', 400, 'malformed-json', 'not valid JSON'],
    ['JSON of another kind', '["text"]', 422, 'invalid-request', 'must be an object'],
    ['no text', { model: 'spam' }, 422, 'invalid-request', '"text" must be a string'],
    ['a text that is not a string', { text: 7 }, 422, 'invalid-request', '"text" must be a string'],
    ['a null text', { text: null }, 422, 'invalid-request', '"text" must be a string'],
    ['a model that is not a string', { text: 'a', model: {} }, 422, 'invalid-request', '"model" must be a string'],
    [
      'an unknown field',
      { text: 'a', modle: 'spam' },
      422,
      'invalid-request',
      'the unknown field "modle"; allowed: text, model, minConfidence.',
    ],
    ['an unknown field that could be a text', { text: 'a', 'dear sir': 1 }, 422, 'invalid-request', '1 unknown field;'],
    [
      'unknown fields of both kinds',
      { text: 'a', hunter2: 1, modle: 'spam' },
      422,
      'invalid-request',
      'the unknown fields "modle" and 1 more;',
    ],
    ['an unknown model', { text: 'a', model: 'ham' }, 404, 'model-not-found', 'there are: spam'],
    [
      'an unknown version',
      { text: 'a', model: 'spam@0' },
      404,
      'model-not-found',
      'The model "spam" has no such version; there are: 1.',
    ],
    ['a text that is too long', { text: 'a'.repeat(101) }, 422, 'text-too-long', 'has 101 characters; at most 100'],
  ])('%s', async (_, body, status, type, detail) => {
    const { url } = await serve({ MAX_TEXT_CHARACTERS: '100' });
    const response = await post(`${url}/predict`, body);
    const details = await problem(response);
    expect(details).toMatchObject({
      status,
      type: `urn:waymark:problem:${type}`,
      detail: expect.stringContaining(detail),
    });
  });

  test.each([
    ['no texts', { texts: [] }, 'invalid-request', 'from 1 to 3'],
    ['texts that are not an array', { texts: 'a' }, 'invalid-request', 'array of strings'],
    ['a text that is not a string', { texts: ['a', 1] }, 'invalid-request', '"texts[1]" must be a string'],
    ['too many texts', { texts: ['a', 'b', 'c', 'd'] }, 'batch-too-large', 'holds 4 texts; at most 3'],
    ['one text that is too long', { texts: ['a', 'b'.repeat(101)] }, 'text-too-long', '"texts[1]" has 101'],
  ])('in a batch: %s', async (_, body, type, detail) => {
    const { url } = await serve({ MAX_TEXT_CHARACTERS: '100', MAX_BATCH_SIZE: '3' });
    const details = await problem(await post(`${url}/predict/batch`, body));
    expect(details).toMatchObject({
      status: 422,
      type: `urn:waymark:problem:${type}`,
      detail: expect.stringContaining(detail),
    });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', ''])('content type %j', async (type) => {
    const { url } = await serve();
    const response = await post(`${url}/predict`, '{"text":"a"}', { 'content-type': type });
    expect(response.headers.get('accept')).toBe('application/json');
    expect(await problem(response)).toMatchObject({ status: 415, type: 'urn:waymark:problem:unsupported-media-type' });
  });

  test('a compressed body', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict`, '{"text":"a"}', { 'content-encoding': 'gzip' });
    expect(await problem(response)).toMatchObject({ status: 415, detail: expect.stringContaining('content encoding') });
  });

  test('a body that is not UTF-8', async () => {
    const { url } = await serve();
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
    const response = await fetch(`${url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(await problem(response)).toMatchObject({ status: 400, detail: expect.stringContaining('UTF-8') });
  });

  test('a parameter that is not a boolean', async () => {
    const { url } = await serve();
    const response = await post(`${url}/predict?explain=maybe`, { text: 'a' });
    expect(await problem(response)).toMatchObject({ status: 422, detail: expect.stringContaining('"explain"') });
  });

  test.each([
    ['/models/spam?verbose=1', '"verbose". This route has no parameters.'],
    ['/quality?modle=spam', 'the unknown parameter "modle"; allowed: model, window.'],
    ['/quality?model=spam&hunter2=1', '1 unknown parameter; allowed: model, window.'],
    ['/models?a=1&b=2', 'the unknown parameters "a", "b".'],
  ])('an unknown parameter: %s', async (path, detail) => {
    const { url } = await serve();
    expect(await problem(await fetch(url + path))).toMatchObject({
      status: 422,
      type: 'urn:waymark:problem:invalid-request',
      detail: expect.stringContaining(detail),
    });
    expect((await fetch(url + path, { method: 'HEAD' })).status).toBe(422);
  });

  test('an unknown parameter of a route with a body', async () => {
    const { url } = await serve();
    expect(await problem(await post(`${url}/predict?explian=true`, { text: 'a' }))).toMatchObject({
      status: 422,
      detail: 'The request has the unknown parameter "explian"; allowed: explain.',
    });
  });

  test.each(['/livez?probe=1', '/?utm_source=mail', '/v2?x=1', '/quality?model=spam&window=1h', '/models?'])(
    'parameters are allowed: %s',
    async (path) => {
      const { url } = await serve();
      expect((await fetch(url + path)).status).toBe(200);
    },
  );

  test('parameters of a route that does not exist do not hide that', async () => {
    const { url } = await serve();
    expect((await fetch(`${url}/nowhere?x=1`)).status).toBe(404);
    expect((await fetch(`${url}/predict?x=1`)).status).toBe(405);
  });

  test('an unknown route', async () => {
    const { url } = await serve();
    expect(await problem(await fetch(`${url}/nothing`))).toMatchObject({
      status: 404,
      type: 'urn:waymark:problem:route-not-found',
    });
  });

  test.each([
    ['/health', {}, /GET \/livez .*GET \/readyz/],
    ['/healthz', {}, /GET \/livez .*GET \/readyz/],
    ['/metrics', { OTEL_EXPORTER_PROMETHEUS_PORT: '9999' }, /GET \/metrics is on port 9999/],
    ['/metrics', { OTEL_SDK_DISABLED: 'true' }, /metrics are off \(OTEL_SDK_DISABLED\)/],
  ])('%s with %j names the right route', async (path, settings, detail) => {
    const { url } = await serve(settings);
    expect(await problem(await fetch(url + path))).toMatchObject({
      status: 404,
      type: 'urn:waymark:problem:route-not-found',
      detail: expect.stringMatching(detail),
    });
  });

  test('a wrong method, with the allowed methods', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/predict`);
    expect(response.headers.get('allow')).toBe('POST');
    expect(await problem(response)).toMatchObject({ status: 405, type: 'urn:waymark:problem:method-not-allowed' });
  });

  test('a model that does not exist', async () => {
    const { url } = await serve();
    expect(await problem(await fetch(`${url}/models/nope`))).toMatchObject({
      status: 404,
      type: 'urn:waymark:problem:model-not-found',
    });
  });

  test('bytes that are not HTTP', async () => {
    const { url } = await serve();
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('NONSENSE\r\n\r\n'));
      let text = '';
      socket.on('data', (data) => {
        text += String(data);
      });
      socket.on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('urn:waymark:problem:malformed-request');
  });
});

test('a problem never quotes the request', async () => {
  const { url } = await serve({ MAX_TEXT_CHARACTERS: '100' });
  const secret = 'hunter2';
  for (const body of [`{"text": ${secret}`, { [secret]: 1 }, { text: [secret] }, { text: secret.repeat(50) }]) {
    const response = await post(`${url}/predict`, body);
    expect(await response.text()).not.toContain(secret);
  }
});
