import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

/** The secrets in the requests. The name of each secret is its place, so that a leak shows its origin. */
const planted: string[] = [];
function plant(where: string): string {
  const secret = `leak-${where}-7f3a`;
  planted.push(secret);
  return secret;
}

const token = 'token-7f3a-0123456789';

let receiver: OtlpReceiver;
let service: ServiceProcess;
let pages: string;
let reboundScrape: string;
let answers = '';

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  service = await startProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    API_TOKENS: token,
    PREDICTION_ID_KEY: plant('signing-key'),
    LOG_LEVEL: 'debug',
  });
  planted.push(token);
  await plantEverywhere();
  pages = await (await fetch(service.metricsUrl)).text();
  const openMetrics = { headers: { accept: 'application/openmetrics-text;version=1.0.0' } };
  pages += await (await fetch(service.metricsUrl, openMetrics)).text();
  reboundScrape = await raw(
    `GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
    Number(new URL(service.metricsUrl).port),
  );
  await service.stop();
});

afterAll(() => receiver.close());

async function plantEverywhere(): Promise<void> {
  const authorization = `Bearer ${token}`;
  const headers = {
    authorization,
    'user-agent': plant('user-agent'),
    cookie: plant('cookie'),
    referer: `http://${plant('referer')}/`,
    forwarded: `for=${plant('forwarded-for')};host=${plant('forwarded-host')}`,
    'x-forwarded-for': plant('x-forwarded-for'),
    'x-forwarded-host': plant('x-forwarded-host'),
    'x-request-id': plant('x-request-id'),
    tracestate: `vendor=${plant('tracestate')}`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    baggage: `key=${plant('baggage')}`,
    [plant('header-name')]: plant('header'),
  };
  const { url } = service;
  await post(`${url}/predict`, { text: plant('text') }, headers);
  await post(`${url}/predict?explain=true`, { text: plant('explained') }, headers);
  await post(`${url}/predict/batch`, { texts: [plant('batch')] }, headers);
  await post(`${url}/predict`, { text: 'a', model: plant('model') }, headers);
  await post(`${url}/predict`, { [plant('field')]: plant('value') }, headers);
  await post(`${url}/predict`, `{"text": "${plant('malformed')}`, headers);
  await post(`${url}/predict`, plant('no-json'), { ...headers, 'content-type': `text/${plant('content-type')}` });
  await fetch(`${url}/${plant('path')}?${plant('query-name')}=${plant('query-value')}`, { headers });
  await fetch(`${url}/models/${plant('path-parameter')}`, { headers });
  await fetch(`${url}/predict?explain=${plant('parameter')}`, { method: 'POST', headers });
  await fetch(`${url}/models`, { headers: { authorization: `Bearer ${plant('wrong-token')}` } });
  await fetch(`${service.metricsUrl}?${plant('scrape')}`);
  await raw(
    `GET /models HTTP/1.1\r\nhost: ${plant('host')}:1\r\nauthorization: ${authorization}\r\nconnection: close\r\n\r\n`,
  );
  await raw(`GET http://${plant('absolute')}/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  const end = `HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
  answers += await raw(`GET http://[::1/x?token=${plant('broken-url')} ${end}`);
  answers += await raw(`GET http://user:${plant('url-password')}@[::1/ ${end}`);
  answers += await raw(`GET http://${plant('url-host')}:99999/x ${end}`);
  answers += await raw(`GET http:${plant('url-without-host')} ${end}`);
  answers += await raw(`GET //${plant('url-slashes')}@[/x ${end}`);
  answers += await raw(`GET /models/%${plant('escape')}/changes ${end}`);
  answers += await raw(`POST /models/x/${plant('method-path')} ${end}`);
  const other = { ...headers, origin: `http://${plant('origin')}.example`, 'sec-fetch-site': plant('sec-fetch-site') };
  answers += await (await post(`${url}/predict`, { text: plant('text-of-other-site') }, other)).text();
  answers += await raw(`GET /models HTTP/1.1\r\nhost: ${plant('rebound-host')}.example\r\nconnection: close\r\n\r\n`);
  await raw(`PROPFIND /models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  await raw(`${plant('method')} / HTTP/1.1\r\nhost: a\r\n\r\n`);
  await raw(`GET / HTTP/1.1\r\n${plant('broken-header')}\r\n\r\n`);
}

async function raw(request: string, port = Number(new URL(service.url).port)): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(request);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

test('the service has handled the requests', () => {
  expect(planted.length).toBeGreaterThan(30);
  expect(receiver.spans.filter(({ kind }) => kind === 2).length).toBeGreaterThanOrEqual(14);
  expect(receiver.logs.some(({ body }) => body === 'prediction')).toBe(true);
});

test.each([
  ['spans and OTLP log records', () => receiver.raw.join()],
  ['log lines', () => JSON.stringify(service.lines)],
  ['metrics', () => pages],
])('no secret is in the %s', (_, emitted) => {
  const haystack = emitted().toLowerCase();
  expect(haystack.length).toBeGreaterThan(100);
  expect(planted.filter((secret) => haystack.includes(secret.toLowerCase()))).toEqual([]);
});

test('the server span of a request with a token has the name of the token', () => {
  const callers = receiver.spans.map(({ attributes }) => attributes['enduser.id']).filter((name) => name !== undefined);
  expect(new Set(callers)).toEqual(new Set([expect.stringMatching(/^api token [0-9a-f]{8}$/)]));
  expect(callers.length).toBeGreaterThan(5);
});

test('no answer to a request that was refused for its form has a secret', () => {
  expect(answers.match(/malformed-request/g)).toHaveLength(4);
  expect(planted.filter((secret) => answers.includes(secret))).toEqual([]);
});

test('a scrape by a name that a stranger leads to this machine is refused', () => {
  expect(reboundScrape).toMatch(/^HTTP\/1\.1 403 /);
  expect(reboundScrape).not.toContain('classifier_');
});

test('a scrape is not traced', () => {
  const paths = receiver.spans.filter(({ kind }) => kind === 2).map(({ attributes }) => attributes['http.route']);
  expect(new Set(paths)).toEqual(new Set([undefined, '/predict', '/predict/batch', '/models', '/models/:name']));
  expect(
    receiver.spans
      .filter(({ kind, attributes }) => kind === 2 && attributes['http.response.status_code'] === '200')
      .map(({ attributes }) => attributes['http.route']),
  ).not.toContain(undefined);
});
