import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startTestGateway } from '../../gateway/in-process.ts';
import { shareServices } from '../in-process.ts';

const serve = shareServices();

/** Sends one request with this target, and returns the answer. */
async function send(url: string, target: string, method = 'GET', more = ''): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.write(`${method} ${target} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n${more}\r\n`);
  await once(socket, 'close');
  return answer;
}

/** Targets that are no URL, or that a parser of URLs rejects. */
const MALFORMED = [
  'http://[::1/x?token=SECRET',
  'http://user:SECRET@[::1/',
  'http://[SECRET]/x',
  'https://[::1/SECRET',
  'HTTP://[::SECRET/',
  'http://SECRET:99999/x',
  'http://:SECRET@/x',
  'http://%00SECRET/',
  'http://a%SECRET/',
  'http://SECRET^/',
  'http:SECRET',
  'http:///SECRET',
  'ftp://SECRET/x',
  'javascript:SECRET',
];

/** Odd targets that a router can take. */
const ODD = [
  '//[::1/x?token=SECRET',
  '//SECRET@[/x',
  '/\\[::1/SECRET',
  '/models/%E0%A4%ASECRET',
  '/models/%SECRET',
  '/models/%00SECRET/changes',
  '/docs/%SECRET',
  '/v2/models/%FFSECRET/infer',
  '/%SECRET?%SECRET=%SECRET',
  '/predict?explain=%SECRET&explain[SECRET]=1',
  '/?__proto__[SECRET]=1',
  '/#SECRET[::1',
  '*',
];

describe.each([
  ['the service', () => serve({ LOG_LEVEL: 'debug' })],
  ['the service with tokens', () => serve({ API_TOKENS: 'hush' })],
  ['the gateway', () => startTestGateway({})],
])('%s', (_, start) => {
  test('answers 400 for a target that is no URL of its own, and quotes it nowhere', async () => {
    const { url, lines } = await start();
    for (const target of MALFORMED) {
      const answer = await send(url, target);
      expect([target, answer.slice(0, 12)]).toEqual([target, 'HTTP/1.1 400']);
      expect(answer.toLowerCase()).toContain('application/problem+json');
      expect(answer).toContain('urn:waymark:problem:malformed-request');
      expect(answer).not.toContain('SECRET');
    }
    expect(lines.filter((line) => /secret|"level":"error"/i.test(line))).toEqual([]);
  });

  test('answers an odd target without a failure, and logs nothing of it', async () => {
    const { url, lines } = await start();
    for (const target of ODD) {
      for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
        expect((await send(url, target, method)).slice(0, 10), target).toMatch(/HTTP\/1\.1 [24]/);
      }
    }
    expect(lines.filter((line) => /secret|"level":"error"/i.test(line))).toEqual([]);
  });

  test('answers odd headers without a failure, and logs nothing of them', async () => {
    const { url, lines } = await start();
    for (const header of [
      'content-type: SECRET/;;"',
      'content-type: message/rfc822; charset="SECRET',
      'accept: SECRET/*;q=x',
      'authorization: Basic SECRET',
      'x-forwarded-host: [::SECRET',
      'content-encoding: SECRET',
      'expect: SECRET',
      'range: bytes=SECRET',
      'origin: http://[::SECRET',
      'sec-fetch-site: SECRET',
      'traceparent: 00-SECRET',
      'tracestate: =SECRET,,ot=th:SECRET',
      'baggage: =SECRET;;%SECRET',
    ]) {
      for (const path of ['/', '/predict', '/messages', '/feedback', '/models']) {
        for (const method of ['GET', 'POST']) {
          expect((await send(url, path, method, `${header}\r\n`)).slice(0, 10)).toMatch(/HTTP\/1\.1 [24]/);
        }
      }
    }
    expect(lines.filter((line) => /secret|"level":"error"/i.test(line))).toEqual([]);
  });
});
