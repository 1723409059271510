import { describe, expect, test } from 'vitest';
import { serve } from '../http/in-process.ts';
import { respondWith, scriptedServer } from '../packages/client/scripted-server.ts';
import { hamMail, postMail, startTestGateway } from './in-process.ts';

const SPAM = 'Congratulations, you won free money, click here to claim your prize now! '.repeat(3);
const HAM =
  'On Mon, Justin wrote: > the rpm spec file and the perl module in cvs are broken; see the mailing list archive, kernel patch, bug report, python code. '.repeat(
    8,
  );
const header = (type: string) =>
  `From: a@x.test\r\nSubject: hello\r\nMIME-Version: 1.0\r\nContent-Type: ${type}\r\n\r\n`;
const part = (type: string, body: string) => `--b\r\nContent-Type: ${type}\r\n\r\n${body}\r\n`;
const alternatives = (plain: string, html: string) =>
  `${header('multipart/alternative; boundary=b')}${part('text/plain', plain)}${part('text/html', html)}--b--\r\n`;

function nested(depth: number): string {
  const level = (i: number) => `--b${i}\r\nContent-Type: multipart/mixed; boundary=b${i + 1}\r\n\r\n`;
  const levels = Array.from({ length: depth }, (_, i) => level(i)).join('');
  return `${header('multipart/mixed; boundary=b0')}--b0\r\nContent-Type: text/plain\r\n\r\n${SPAM}\r\n${levels}`;
}

async function classify(raw: string) {
  const service = await serve();
  const { url } = await startTestGateway({ WAYMARK_URL: service.url });
  const response = await postMail(url, raw, { accept: 'application/json' });
  return { verdict: (await response.json()) as Record<string, unknown>, headers: response.headers };
}

describe('what a reader sees is judged:', () => {
  test.each([
    ['HTML beside a harmless plain part', alternatives(HAM, `<p>${SPAM}</p>`)],
    ['a plain part beside harmless HTML', alternatives(SPAM, `<p>${HAM}</p>`)],
    ['HTML with harmless hidden text', `${header('text/html')}<p>${SPAM}</p><div style="display:none">${HAM}</div>`],
    ['the first of 260 nested parts', nested(260)],
    [
      'the first of 100,000 parts',
      `${header('multipart/mixed; boundary=b')}${part('text/plain', SPAM)}${'--b\r\n\r\n'.repeat(100_000)}`,
    ],
    ['the body after a header of 7 MB', `${'X-A: b\r\n'.repeat(900_000)}Subject: hello\r\n\r\n${SPAM}`],
  ])('%s', async (_, raw) => {
    expect((await classify(raw)).verdict).toMatchObject({ checked: true, spam: true });
  });
});

test('hidden text is reported in header and JSON', async () => {
  const { verdict, headers } = await classify(`${header('text/html')}<p>abc</p><p hidden>def ghi</p>`);
  expect(verdict['hiddenShare']).toBeCloseTo(2 / 3);
  expect(headers.get('x-waymark-hidden-text')).toBe('0.67');
});

test('a limit is reported in header and JSON', async () => {
  const { verdict, headers } = await classify(nested(260));
  expect(verdict['partlyRead']).toBe('depth');
  expect(headers.get('x-waymark-partly-read')).toBe('depth');
});

test('the same words in both parts are classified once', async () => {
  const answer = respondWith({
    id: 'x',
    prediction: 'ham',
    confidence: 1,
    scores: { ham: 1, spam: 0 },
    model: { name: 'spam', version: '1' },
    traceId: 'a'.repeat(32),
  });
  const { url: WAYMARK_URL, received } = await scriptedServer(answer);
  const { url } = await startTestGateway({ WAYMARK_URL });
  await postMail(url, alternatives('See you at ten.', '<p>See you <b>at</b> ten.</p>'));
  expect(received).toHaveLength(1);
  await postMail(url, alternatives('See you at ten.', '<p>See you at nine.</p>'));
  expect(received).toHaveLength(3);
});

test('an ordinary mail has no report', async () => {
  const { verdict, headers } = await classify(hamMail);
  expect(Object.keys(verdict)).not.toContain('hiddenShare');
  expect(headers.has('x-waymark-partly-read')).toBe(false);
});

test('the gateway answers while a hostile mail is read', async () => {
  const service = await serve();
  const { url } = await startTestGateway({ WAYMARK_URL: service.url, GATEWAY_READ_TIMEOUT_MS: '1000' });
  const hostile = Promise.all(
    Array.from({ length: 4 }, () => postMail(url, `Subject: hello\r\n\r\n${'ab\r\n'.repeat(2_000_000)}`)),
  );
  let answers = 0;
  let isRead = false;
  void hostile.then(() => {
    isRead = true;
  });
  while (!isRead) {
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    answers += 1;
  }
  for (const response of await hostile) expect(response.headers.get('x-spam-checked')).toBe('Yes');
  // With the reading on the same thread it is one or two.
  expect(answers).toBeGreaterThan(10);
});
