import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { mailToText } from '../../src/mail/mail-text.ts';
import { post, serve } from '../http/in-process.ts';
import { respondWith, respondWithProblem, scriptedServer } from '../packages/client/scripted-server.ts';
import { hamMail, postMail, spamMail, startTestGateway } from './in-process.ts';

describe('POST /messages', () => {
  test('returns a message with its verdict in the header', async () => {
    const service = await serve();
    const { url } = await startTestGateway({ WAYMARK_URL: service.url });
    const response = await postMail(url, spamMail);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('message/rfc822');
    expect(response.headers.get('x-trace-id')).toMatch(/^[0-9a-f]{32}$/);
    const marked = await response.text();
    expect(marked.endsWith(spamMail)).toBe(true);
    const [flag, status, checked, id, trace] = marked.slice(0, -spamMail.length).split('\r\n');
    expect([flag, checked]).toEqual(['X-Spam-Flag: YES', 'X-Spam-Checked: Yes']);
    expect(status).toMatch(/^X-Spam-Status: Yes, score=[01]\.\d{4} model=spam@\w+$/);
    expect(id).toMatch(/^X-Waymark-Prediction-Id: [\w-]{60,}$/);
    expect(trace).toMatch(/^X-Waymark-Trace-Id: [0-9a-f]{32}$/);
  });

  test('returns only the verdict if the client accepts JSON', async () => {
    const service = await serve();
    const { url } = await startTestGateway({ WAYMARK_URL: service.url });
    const response = await postMail(url, hamMail, { accept: 'application/json' });
    expect(await response.json()).toEqual({
      checked: true,
      spam: false,
      score: expect.any(Number),
      id: expect.any(String),
      label: 'ham',
      confidence: expect.any(Number),
      model: { name: 'spam', version: expect.any(String) },
      traceId: response.headers.get('x-trace-id'),
    });
  });

  test('classifies real mails as the model does', async () => {
    const service = await serve();
    const { url } = await startTestGateway({ WAYMARK_URL: service.url });
    const folder = 'test/fixtures/mail';
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.eml'))) {
      const raw = await readFile(`${folder}/${file}`);
      const response = await post(`${service.url}/predict`, { text: await mailToText(raw) });
      const { prediction } = (await response.json()) as { prediction: string };
      expect((await postMail(url, raw)).headers.get('x-spam-flag')).toBe(prediction === 'spam' ? 'YES' : 'NO');
    }
  });

  test.each([
    ['another content type', { 'content-type': 'text/plain' }, spamMail, 415, 'unsupported-media-type'],
    ['a message that is too long', {}, 'a'.repeat(2_000), 413, 'body-too-large'],
  ])('rejects %s', async (_, headers, raw, status, type) => {
    const { url } = await startTestGateway({ GATEWAY_MAX_MESSAGE_BYTES: '1000' });
    const response = await postMail(url, raw, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status, type: `urn:waymark:problem:${type}` });
  });
});

test('a wrong method is answered with the right one, and an unknown path with the routes', async () => {
  const { url } = await startTestGateway({});
  for (const path of ['/messages', '/feedback']) {
    const response = await fetch(url + path);
    expect([path, response.status, response.headers.get('allow')]).toEqual([path, 405, 'POST']);
    expect(await response.json()).toMatchObject({ type: 'urn:waymark:problem:method-not-allowed' });
  }
  const response = await fetch(`${url}/nowhere`);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('POST /messages') });
});

test('an unknown parameter is refused, and an unknown field too', async () => {
  const { url } = await startTestGateway({});
  const unknown = await post(`${url}/feedback?spm=true`, { id: 'x', spam: true });
  expect(unknown.status).toBe(422);
  expect(await unknown.json()).toMatchObject({ detail: expect.stringContaining('"spm"; allowed: spam.') });
  const field = await post(`${url}/feedback`, { id: 'x', spam: true, lable: 'a' });
  expect(await field.json()).toMatchObject({ detail: expect.stringContaining('"lable"; allowed: id, spam.') });
  expect((await fetch(`${url}/livez?probe=1`)).status).toBe(200);
});

describe('POST /feedback', () => {
  const recorded = respondWith({
    id: 'x',
    prediction: 'spam',
    label: 'ham',
    correct: false,
    predictionTraceId: 'b',
    traceId: 'c',
  });

  test('forwards feedback on the id of a prediction', async () => {
    const { url: WAYMARK_URL, received } = await scriptedServer(recorded);
    const { url } = await startTestGateway({ WAYMARK_URL });
    const response = await post(`${url}/feedback`, { id: 'x', spam: false });
    expect(await response.json()).toMatchObject({ correct: false, traceId: response.headers.get('x-trace-id') });
    expect(received[0]).toMatchObject({ url: '/feedback', body: '{"id":"x","label":"ham","source":"report"}' });
  });

  test('forwards feedback on a message that passed the gateway', async () => {
    const service = await serve();
    const marked = await (await postMail((await startTestGateway({ WAYMARK_URL: service.url })).url, hamMail)).text();
    const { url: WAYMARK_URL, received } = await scriptedServer(recorded);
    const { url } = await startTestGateway({ WAYMARK_URL });
    const headers = { 'content-type': 'message/rfc822' };
    expect((await post(`${url}/feedback?spam=true`, marked, headers)).status).toBe(200);
    const id = /X-Waymark-Prediction-Id: (\S+)/.exec(marked)![1];
    expect(JSON.parse(received[0]!.body)).toEqual({ id, label: 'spam', source: 'report' });
    expect((await post(`${url}/feedback`, marked, headers)).status).toBe(422);
    expect((await post(`${url}/feedback?spam=true`, hamMail, headers)).status).toBe(422);
  });

  test('is recorded by the service, and counts once in both forms', async () => {
    const service = await serve();
    const { url } = await startTestGateway({ WAYMARK_URL: service.url });
    const marked = await (await postMail(url, hamMail)).text();
    const [, id] = /X-Waymark-Prediction-Id: (\S+)/.exec(marked)!;
    const headers = { 'content-type': 'message/rfc822' };
    const first = await post(`${url}/feedback?spam=true`, marked, headers);
    expect(await first.json()).toMatchObject({ id, prediction: 'ham', label: 'spam', correct: false });
    expect((await post(`${url}/feedback`, { id, spam: true })).status).toBe(200);
    expect((await post(`${url}/feedback`, { id, spam: false })).status).toBe(409);
    expect(await (await fetch(`${service.url}/quality`)).json()).toMatchObject({
      count: 0,
      accuracy: null,
      sources: { truth: 0, review: 0, report: 1 },
    });
  });

  test('answers with a problem if the service rejects the feedback, or does not respond', async () => {
    const rejecting = await scriptedServer(respondWithProblem('feedback-conflict', 409));
    const gateway = await startTestGateway({ WAYMARK_URL: rejecting.url });
    const conflict = await post(`${gateway.url}/feedback`, { id: 'x', spam: true });
    expect(conflict.status).toBe(409);
    expect(await conflict.json()).toMatchObject({ type: 'urn:waymark:problem:feedback-conflict', detail: 'A detail.' });
    const isolated = await startTestGateway({ WAYMARK_URL: 'http://127.0.0.1:1', GATEWAY_DEADLINE_MS: '200' });
    const lost = await post(`${isolated.url}/feedback`, { id: 'x', spam: true });
    expect(lost.status).toBe(503);
    expect(lost.headers.get('retry-after')).toBe('10');
  });

  test('rejects a body without a label', async () => {
    const { url } = await startTestGateway({});
    const response = await post(`${url}/feedback`, { id: 'x' });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('"spam" must be true or false') });
  });
});

test('health does not depend on the service', async () => {
  const { url } = await startTestGateway({ WAYMARK_URL: 'http://127.0.0.1:1' });
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  expect((await fetch(`${url}/nothing`)).status).toBe(404);
});
