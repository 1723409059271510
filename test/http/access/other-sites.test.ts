import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../../gateway/in-process.ts';
import { smallModels } from '../../models/small-models.ts';
import { shareServices } from '../in-process.ts';

const serve = shareServices();

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Sends a request with headers that `fetch` does not allow to set. */
function send(url: string, method: string, headers: Record<string, string>, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject).end(body);
  });
}

const JSON_TYPE = { 'content-type': 'application/json' };
const PREDICT = JSON.stringify({ text: 'a' });

describe('a page of another site', () => {
  test.each<[string, Record<string, string>]>([
    ['in a present browser', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['on another port of the same machine', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:9' }],
    ['without an origin', { 'sec-fetch-site': 'cross-site' }],
    ['in an old browser', { origin: 'https://evil.example' }],
    ['in a sandboxed frame', { origin: 'null' }],
    ['with a made-up origin', { origin: 'http://[::1' }],
    ['that a person opened', { 'sec-fetch-site': 'none', origin: 'https://evil.example' }],
  ])('%s can change nothing, with and without tokens', async (_, headers) => {
    for (const settings of [{}, { API_TOKENS: 'secret' }]) {
      const { url } = await serve({ MODELS_DIR: await smallModels('1'), ...settings });
      for (const [method, path] of [
        ['POST', '/v2/repository/models/spam/unload'],
        ['POST', '/predict'],
        ['DELETE', '/models/spam/retrain/x'],
        ['PUT', '/nope'],
      ] as const) {
        const answer = await send(url + path, method, {
          'content-type': 'text/plain',
          authorization: 'Bearer secret',
          ...headers,
        });
        expect([path, answer.status]).toEqual([path, 403]);
        expect(answer.body).toMatch(/another site/);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
  });

  test('can change nothing in the gateway', async () => {
    const { url } = await startTestGateway({});
    for (const path of ['/messages', '/feedback']) {
      const answer = await send(url + path, 'POST', { 'content-type': 'text/plain', origin: 'https://evil.example' });
      expect([answer.status, JSON.parse(answer.body).type]).toEqual([403, 'urn:waymark:problem:other-site']);
    }
  });
});

test.each<[string, (url: string) => Record<string, string>]>([
  ['a program', () => ({})],
  ['a page of the service', (url) => ({ 'sec-fetch-site': 'same-origin', origin: url })],
  ['a page of the service in an old browser', (url) => ({ origin: url })],
  ['a page of the service behind a proxy', (url) => ({ origin: url.replace('http:', 'https:') })],
])('%s can change something', async (_, headers) => {
  const { url } = await serve();
  expect((await send(`${url}/predict`, 'POST', { ...JSON_TYPE, ...headers(url) }, PREDICT)).status).toBe(200);
});

describe('a name that leads to a service on loopback', () => {
  const REBOUND = [
    'evil.example',
    'evil.example:3000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'EVIL.EXAMPLE.',
  ];
  const ALLOWED = [
    '127.0.0.1',
    '127.0.0.1:80',
    '[::1]:80',
    'localhost:3000',
    'LOCALHOST',
    'spam.localhost',
    'waymark:3000',
  ];

  test('is refused by every route, and by the metrics', async () => {
    const { url } = await serve();
    for (const host of REBOUND) {
      for (const path of ['/', '/models', '/docs', '/livez', '/nope']) {
        const answer = await send(url + path, 'GET', { host });
        expect([host, answer.status]).toEqual([host, 403]);
        expect(answer.body).not.toMatch(/evil/i);
      }
      const own = { ...JSON_TYPE, host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
      expect((await send(`${url}/predict`, 'POST', own, PREDICT)).status).toBe(403);
    }
    for (const host of ALLOWED)
      expect([host, (await send(`${url}/models`, 'GET', { host })).status]).toEqual([host, 200]);
  });

  test('is refused by the gateway', async () => {
    const { url } = await startTestGateway({ ALLOWED_HOSTS: 'mail.example' });
    expect((await send(`${url}/livez`, 'GET', { host: 'evil.example' })).status).toBe(403);
    expect((await send(`${url}/livez`, 'GET', { host: 'mail.example' })).status).toBe(200);
  });

  test('is allowed by ALLOWED_HOSTS, or if the service is bound to other addresses', async () => {
    const named = await serve({ ALLOWED_HOSTS: 'Waymark.example, other.example' });
    expect((await send(`${named.url}/models`, 'GET', { host: 'waymark.EXAMPLE:443' })).status).toBe(200);
    expect((await send(`${named.url}/models`, 'GET', { host: 'evil.example' })).status).toBe(403);
    const open = await serve({ HOST: '0.0.0.0' });
    const port = new URL(open.url).port;
    expect((await send(`http://127.0.0.1:${port}/models`, 'GET', { host: 'any.example' })).status).toBe(200);
    const both = await serve({ HOST: '0.0.0.0', ALLOWED_HOSTS: 'waymark.example' });
    const other = `http://127.0.0.1:${new URL(both.url).port}/models`;
    expect((await send(other, 'GET', { host: 'any.example' })).status).toBe(403);
  });
});

describe('CORS_ORIGINS', () => {
  const origin = 'https://app.example';
  const preflight = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization',
  };

  test('is off by default', async () => {
    const { url } = await serve();
    const answer = await send(`${url}/predict`, 'OPTIONS', preflight);
    expect(answer.status).toBe(405);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('lets the pages of these origins call the API, with a token', async () => {
    const { url } = await serve({ CORS_ORIGINS: `${origin}, http://127.0.0.1:5173`, API_TOKENS: 'secret' });
    const allowed = await send(`${url}/predict`, 'OPTIONS', preflight);
    expect(allowed.status).toBe(204);
    expect(allowed.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': expect.stringContaining('DELETE'),
      'access-control-allow-headers': expect.stringContaining('authorization'),
      vary: 'Origin',
    });
    const headers = { ...JSON_TYPE, origin, 'sec-fetch-site': 'cross-site' };
    const answer = await send(`${url}/predict`, 'POST', { ...headers, authorization: 'Bearer secret' }, PREDICT);
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': expect.stringContaining('x-trace-id'),
    });
    const refused = await send(`${url}/predict`, 'POST', headers, PREDICT);
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin]);
    const other = await send(`${url}/predict`, 'POST', { ...headers, origin: 'https://evil.example' }, PREDICT);
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([403, undefined]);
    expect((await send(`${url}/predict`, 'OPTIONS', { ...preflight, origin: 'https://evil.example' })).status).toBe(
      401,
    );
  });
});

describe('the headers of answers', () => {
  test.each(['/', '/docs', '/docs/page.js', '/openapi.json', '/models', '/livez', '/nope'])(
    'of GET %s',
    async (path) => {
      const { url } = await serve();
      const { headers } = await send(url + path, 'GET', { accept: 'text/html' });
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'content-security-policy': expect.stringMatching(/default-src '(?:none|self)'.*frame-ancestors 'none'/),
      });
    },
  );

  test('of other methods', async () => {
    const { url } = await serve();
    const { headers } = await send(`${url}/predict`, 'POST', JSON_TYPE, PREDICT);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });
});
