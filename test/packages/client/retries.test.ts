import { describe, expect, test } from 'vitest';
import { createClient } from '../../../packages/client/src/client.ts';
import {
  ConnectionError,
  DeadlineError,
  ProblemError,
  UnexpectedAnswerError,
} from '../../../packages/client/src/errors.ts';
import { neverRespond, resetConnection, respondWith, respondWithProblem, scriptedServer } from './scripted-server.ts';

const quick = { backoff: { baseMs: 1, maxMs: 5 } };
const good = respondWith({ prediction: 'ham' });

describe('a call is retried', () => {
  test.each([
    ['the connection broke', resetConnection],
    ['the service is not ready', respondWithProblem('not-ready', 503)],
    ['the service is busy', respondWithProblem('overloaded', 503, { 'retry-after': '0' })],
    ['a proxy did not reach the service', (response) => response.writeHead(502).end('<html>')],
  ] satisfies [string, Parameters<typeof scriptedServer>[0]][])('if %s', async (_, failure) => {
    const { url, received } = await scriptedServer(failure, failure, good);
    expect(await createClient({ url, ...quick }).predict('a')).toEqual({ prediction: 'ham' });
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  test('up to the set number of times, and then fails with the last error', async () => {
    const { url, received } = await scriptedServer(
      resetConnection,
      resetConnection,
      respondWithProblem('not-ready', 503),
    );
    await expect(createClient({ url, ...quick, retries: 2 }).predict('a')).rejects.toMatchObject({
      problem: 'not-ready',
    });
    expect(received).toHaveLength(3);
  });

  test('only after the time that the service asked for', async () => {
    const { url } = await scriptedServer(respondWithProblem('overloaded', 503, { 'retry-after': '1' }), good);
    const started = performance.now();
    await createClient({ url, ...quick }).predict('a');
    expect(performance.now() - started).toBeGreaterThanOrEqual(999);
  });

  test('only if that time lies within the time limit of the call', async () => {
    const { url, received } = await scriptedServer(
      respondWithProblem('overloaded', 503, { 'retry-after': '60' }),
      good,
    );
    const call = createClient({ url, ...quick, timeoutMs: 5_000 }).predict('a');
    await expect(call).rejects.toMatchObject({ problem: 'overloaded', retryAfterMs: 60_000 });
    expect(received).toHaveLength(1);
  });
});

test.each([
  ['a rejected request', respondWithProblem('invalid-request', 422), ProblemError],
  ['a defect', respondWithProblem('internal-error', 500), ProblemError],
  ['JSON of another form', respondWith('hello'), UnexpectedAnswerError],
  ['an HTML page', (response) => response.writeHead(200).end('<html>'), UnexpectedAnswerError],
] satisfies [string, Parameters<typeof scriptedServer>[0], unknown][])(
  'a call is not retried after %s',
  async (_, failure, kind) => {
    const { url, received } = await scriptedServer(failure, good);
    await expect(createClient({ url, ...quick }).predict('a')).rejects.toBeInstanceOf(kind);
    expect(received).toHaveLength(1);
  },
);

describe('a call ends', () => {
  test('at its time limit', async () => {
    const { url } = await scriptedServer(neverRespond);
    const call = createClient({ url, timeoutMs: 50 }).predict('a');
    await expect(call).rejects.toBeInstanceOf(DeadlineError);
    await expect(call).rejects.toThrow('within 50 ms');
  });

  test('at its own time limit, which replaces that of the client', async () => {
    const { url } = await scriptedServer(neverRespond);
    await expect(createClient({ url }).predict('a', { timeoutMs: 50 })).rejects.toBeInstanceOf(DeadlineError);
  });

  test('when its caller cancels it, with the given reason', async () => {
    const { url } = await scriptedServer(neverRespond);
    const reason = new Error('no longer wanted');
    const controller = new AbortController();
    const call = createClient({ url }).predict('a', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(call).rejects.toBe(reason);
    await expect(createClient({ url }).predict('a', { signal: controller.signal })).rejects.toBe(reason);
  });

  test('when its caller cancels it while it waits for a retry', async () => {
    const { url, received } = await scriptedServer(respondWithProblem('overloaded', 503, { 'retry-after': '5' }));
    const controller = new AbortController();
    const call = createClient({ url }).predict('a', { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(received).toHaveLength(1);
  });

  test('if nothing listens, with the reason', async () => {
    const { url } = await scriptedServer(good);
    const call = createClient({ url: url.replace(/\d+$/, '1'), ...quick }).predict('a');
    await expect(call).rejects.toBeInstanceOf(ConnectionError);
    await expect(call).rejects.toMatchObject({ cause: expect.any(Error) });
  });
});
