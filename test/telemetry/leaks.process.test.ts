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
/** The answers to requests that were refused for their form. */
let refusals = '';
/** All answers with their headers. */
let answers = '';

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  service = await startProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=${plant('exporter-header')}`,
    API_TOKENS: `${token}, ${plant('other-token')}`,
    PREDICTION_ID_KEY: plant('signing-key'),
    PREDICTION_ID_KEYS_OLD: `${plant('former-signing-key')}, ${plant('oldest-signing-key')}`,
    LOG_LEVEL: 'debug',
  });
  planted.push(token);
  await plantEverywhere();
  await plantInScrapes();
  pages = await (await fetch(service.metricsUrl)).text();
  const openMetrics = { headers: { accept: 'application/openmetrics-text;version=1.0.0' } };
  pages += await (await fetch(service.metricsUrl, openMetrics)).text();
  reboundScrape = await raw(
    `GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`,
    Number(new URL(service.metricsUrl).port),
  );
  await service.stop();
}, 60_000);

afterAll(() => receiver.close());

/** Sends a request, and keeps its answer. */
async function send(path: string, init: RequestInit = {}): Promise<void> {
  const response = await fetch(`${service.url}${path}`, init);
  answers += `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}\n`;
}

const authorized = { authorization: `Bearer ${token}` };

async function sendJson(path: string, body: unknown, headers: Record<string, string> = authorized, method = 'POST') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  await send(path, { method, headers: { 'content-type': 'application/json', ...headers }, body: text });
}

async function plantEverywhere(): Promise<void> {
  const headers = {
    ...authorized,
    'user-agent': plant('user-agent'),
    cookie: plant('cookie'),
    referer: `http://${plant('referer')}/`,
    forwarded: `for=${plant('forwarded-for')};host=${plant('forwarded-host')}`,
    'x-forwarded-for': plant('x-forwarded-for'),
    'x-forwarded-host': plant('x-forwarded-host'),
    'x-real-ip': plant('x-real-ip'),
    'x-request-id': plant('x-request-id'),
    'x-api-key': plant('x-api-key'),
    'x-http-method-override': plant('method-override'),
    'proxy-authorization': `Basic ${plant('proxy-password')}`,
    accept: `application/json; ${plant('accept')}`,
    'accept-language': plant('accept-language'),
    'if-none-match': `"${plant('etag')}"`,
    range: plant('range'),
    tracestate: `vendor=${plant('tracestate')},ot=th:0;${plant('trace-pair')}:1`,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    baggage: `key=${plant('baggage')};property=${plant('baggage-property')},${plant('baggage-key')}=1`,
    [plant('header-name')]: plant('header'),
  };
  await sendJson('/predict', { text: plant('text') }, headers);
  await sendJson('/predict?explain=true', { text: plant('explained') }, headers);
  await sendJson('/predict/batch', { texts: [plant('batch')] }, headers);
  await sendJson('/predict', { text: 'a', model: plant('model') }, headers);
  await sendJson('/predict', { [plant('field')]: plant('value') }, headers);
  await sendJson('/predict', `{"text": "${plant('malformed')}`, headers);
  await sendJson('/predict', plant('no-json'), { ...headers, 'content-type': `text/${plant('content-type')}` });
  await sendJson('/predict', 'x', { ...headers, 'content-encoding': plant('content-encoding') });
  await send(`/${plant('path')}?${plant('query-name')}=${plant('query-value')}`, { headers });
  await send(`/models/${plant('path-parameter')}`, { headers });
  await send(`/predict?explain=${plant('parameter')}`, { method: 'POST', headers });
  await send('/models', { headers: { authorization: `Bearer ${plant('wrong-token')}` } });
  await send('/models', { headers: { authorization: `${plant('scheme')} x` } });
  await send('/models', { headers: { authorization: `Basic ${btoa(`user:${plant('basic-password')}`)}` } });
  const preflight = { origin: 'http://a.example', 'access-control-request-headers': plant('preflight-header') };
  await send('/predict', { method: 'OPTIONS', headers: { ...preflight, 'access-control-request-method': 'POST' } });
  await send('/models', { headers: { ...authorized, traceparent: plant('traceparent') } });
  await plantInFeedback();
  await plantInInference();
  await plantInRoles();
  await plantInTargets(headers);
}

async function plantInFeedback(): Promise<void> {
  const response = await post(`${service.url}/predict`, { text: 'a' }, authorized);
  const { id } = (await response.json()) as { id: string };
  await sendJson('/feedback', { id: plant('feedback-id'), label: 'ham' });
  await sendJson('/feedback', { id, label: plant('feedback-label') });
  await sendJson('/feedback', { id, label: 'ham', text: plant('feedback-text') });
  await sendJson('/feedback', { id, label: 'ham', source: plant('feedback-source') });
  await sendJson(`/feedback/${plant('feedback-path')}`, { label: 'ham' }, authorized, 'PUT');
  await sendJson(`/feedback/${id}`, { label: plant('correction') }, authorized, 'PUT');
  await send(`/feedback/${plant('erased-id')}`, { method: 'DELETE', headers: authorized });
  await send(`/quality?model=${plant('quality-model')}`, { headers: authorized });
  await send(`/quality?window=${plant('quality-window')}`, { headers: authorized });
  await send(`/drift?model=${plant('drift-model')}`, { headers: authorized });
}

async function plantInInference(): Promise<void> {
  const input = { name: 'text', shape: [1], datatype: 'BYTES' };
  await sendJson('/v2/models/spam/infer', { inputs: [{ ...input, data: [plant('inference-text')] }] });
  await sendJson('/v2/models/spam/infer', { inputs: [{ ...input, name: plant('inference-input'), data: ['a'] }] });
  const parameters = { content_type: plant('inference-type') };
  await sendJson('/v2/models/spam/infer', { inputs: [{ ...input, data: ['a'], parameters }] });
  const length = { ...authorized, 'inference-header-content-length': plant('inference-length') };
  await sendJson('/v2/models/spam/infer', { inputs: [] }, length);
  await sendJson(`/v2/models/${plant('inference-model')}/infer`, { inputs: [] });
  await sendJson('/v2/models/spam/infer', `{"inputs":[]}${plant('inference-tail')}`, {
    ...authorized,
    'inference-header-content-length': '13',
  });
}

async function plantInRoles(): Promise<void> {
  await sendJson('/models/spam/activate', { version: plant('version') });
  await sendJson('/models/spam/canary', { version: '1', share: plant('share') });
  await sendJson('/models/spam/retrain', { [plant('retrain-field')]: 1 });
  await send(`/models/spam/retrain/${plant('job')}`, { headers: authorized });
  await sendJson(`/v2/repository/models/${plant('repository-model')}/load`, {});
}

async function plantInTargets(headers: Record<string, string>): Promise<void> {
  await raw(
    `GET /models HTTP/1.1\r\nhost: ${plant('host')}:1\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`,
  );
  await raw(`GET http://${plant('absolute')}/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  const end = `HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`;
  refusals += await raw(`GET http://[::1/x?token=${plant('broken-url')} ${end}`);
  refusals += await raw(`GET http://user:${plant('url-password')}@[::1/ ${end}`);
  refusals += await raw(`GET http://${plant('url-host')}:99999/x ${end}`);
  refusals += await raw(`GET http:${plant('url-without-host')} ${end}`);
  refusals += await raw(`GET //${plant('url-slashes')}@[/x ${end}`);
  refusals += await raw(`GET /models/%${plant('escape')}/changes ${end}`);
  refusals += await raw(`POST /models/x/${plant('method-path')} ${end}`);
  const other = { ...headers, origin: `http://${plant('origin')}.example`, 'sec-fetch-site': plant('sec-fetch-site') };
  await sendJson('/predict', { text: plant('text-of-other-site') }, other);
  await raw(`GET /models HTTP/1.1\r\nhost: ${plant('rebound-host')}.example\r\nconnection: close\r\n\r\n`);
  await raw(`PROPFIND /models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
  await raw(`${plant('method')} / HTTP/1.1\r\nhost: a\r\n\r\n`);
  await raw(`GET / HTTP/1.1\r\n${plant('broken-header')}\r\n\r\n`);
  await raw(`POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: ${plant('length')}\r\n\r\n`);
  await raw(`POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: ${plant('transfer-encoding')}\r\n\r\n`);
  const chunked = 'POST /predict HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n';
  await raw(
    `${chunked}1;${plant('chunk-extension')}=1\r\nx\r\n0\r\n${plant('trailer-name')}: ${plant('trailer')}\r\n\r\n`,
  );
  await raw(`GET / HTTP/${plant('protocol')}\r\n\r\n`);
}

async function plantInScrapes(): Promise<void> {
  const headers = { accept: `text/plain; q=1, ${plant('scrape-accept')}`, 'user-agent': plant('scrape-agent') };
  await fetch(`${service.metricsUrl}?${plant('scrape')}`, { headers });
  await fetch(new URL(`/${plant('scrape-path')}`, service.metricsUrl));
}

async function raw(request: string, port = Number(new URL(service.url).port)): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.end(request);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  await once(socket, 'close');
  answers += answer;
  return answer;
}

test('the service has handled the requests', () => {
  expect(new Set(planted).size).toBeGreaterThan(80);
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

test('no answer has a secret', () => {
  expect(refusals.match(/malformed-request/g)).toHaveLength(4);
  expect(answers.length).toBeGreaterThan(10_000);
  expect(planted.filter((secret) => answers.toLowerCase().includes(secret.toLowerCase()))).toEqual([]);
});

test('a scrape by a name that a stranger leads to this machine is refused', () => {
  expect(reboundScrape).toMatch(/^HTTP\/1\.1 403 /);
  expect(reboundScrape).not.toContain('classifier_');
});

test('a scrape is not traced', () => {
  const paths = receiver.spans.filter(({ kind }) => kind === 2).map(({ attributes }) => attributes['http.route']);
  expect(paths).not.toContain('/metrics');
  expect(
    receiver.spans
      .filter(({ kind, attributes }) => kind === 2 && attributes['http.response.status_code'] === '200')
      .map(({ attributes }) => attributes['http.route']),
  ).not.toContain(undefined);
});
