import { describe, expect, test } from 'vitest';
import { createClient } from '../../../packages/client/src/client.ts';
import {
  ConnectionError,
  DeadlineError,
  ProblemError,
  UnexpectedAnswerError,
} from '../../../packages/client/src/errors.ts';
import { answer, hangUp, problem, scriptedServer, stall } from './scripted-server.ts';

const quick = { backoff: { baseMs: 1, maxMs: 5 } };
const good = answer({ prediction: 'ham' });

describe('a call is made again', () => {
  test.each([
    ['the connection broke', hangUp],
    ['the service is not ready', problem('not-ready', 503)],
    ['the service is busy', problem('overloaded', 503, { 'retry-after': '0' })],
    ['a proxy found no service', (response) => response.writeHead(502).end('<html>')],
  ] satisfies [string, Parameters<typeof scriptedServer>[0]][])('where %s', async (_, failure) => {
    const { url, received } = await scriptedServer(failure, failure, good);
    expect(await createClient({ url, ...quick }).predict('a')).toEqual({ prediction: 'ham' });
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  test('as often as was said, and then fails with the last reason', async () => {
    const { url, received } = await scriptedServer(hangUp, hangUp, problem('not-ready', 503));
    await expect(createClient({ url, ...quick, retries: 2 }).predict('a')).rejects.toMatchObject({
      problem: 'not-ready',
    });
    expect(received).toHaveLength(3);
  });

  test('not before the time that the service named', async () => {
    const { url } = await scriptedServer(problem('overloaded', 503, { 'retry-after': '1' }), good);
    const started = performance.now();
    await createClient({ url, ...quick }).predict('a');
    expect(performance.now() - started).toBeGreaterThanOrEqual(999);
  });

  test('not where that time lies after the end of the call', async () => {
    const { url, received } = await scriptedServer(problem('overloaded', 503, { 'retry-after': '60' }), good);
    const call = createClient({ url, ...quick, timeoutMs: 5_000 }).predict('a');
    await expect(call).rejects.toMatchObject({ problem: 'overloaded', retryAfterMs: 60_000 });
    expect(received).toHaveLength(1);
  });
});

test.each([
  ['a request that is wrong', problem('invalid-request', 422), ProblemError],
  ['a defect', problem('internal-error', 500), ProblemError],
  ['what is no answer of the service', answer('hello'), UnexpectedAnswerError],
  ['a page', (response) => response.writeHead(200).end('<html>'), UnexpectedAnswerError],
] satisfies [string, Parameters<typeof scriptedServer>[0], unknown][])(
  'a call is not made again for %s',
  async (_, failure, kind) => {
    const { url, received } = await scriptedServer(failure, good);
    await expect(createClient({ url, ...quick }).predict('a')).rejects.toBeInstanceOf(kind);
    expect(received).toHaveLength(1);
  },
);

describe('a call ends', () => {
  test('with its deadline', async () => {
    const { url } = await scriptedServer(stall);
    const call = createClient({ url, timeoutMs: 50 }).predict('a');
    await expect(call).rejects.toBeInstanceOf(DeadlineError);
    await expect(call).rejects.toThrow('within 50 ms');
  });

  test('with the deadline of the call in place of the client', async () => {
    const { url } = await scriptedServer(stall);
    await expect(createClient({ url }).predict('a', { timeoutMs: 50 })).rejects.toBeInstanceOf(DeadlineError);
  });

  test('when its caller gives it up, with the reason given', async () => {
    const { url } = await scriptedServer(stall);
    const reason = new Error('no longer wanted');
    const controller = new AbortController();
    const call = createClient({ url }).predict('a', { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(call).rejects.toBe(reason);
    await expect(createClient({ url }).predict('a', { signal: controller.signal })).rejects.toBe(reason);
  });

  test('when its caller gives it up while it waits to be made again', async () => {
    const { url, received } = await scriptedServer(problem('overloaded', 503, { 'retry-after': '5' }));
    const controller = new AbortController();
    const call = createClient({ url }).predict('a', { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(received).toHaveLength(1);
  });

  test('where nothing listens, with the reason', async () => {
    const { url } = await scriptedServer(good);
    const call = createClient({ url: url.replace(/\d+$/, '1'), ...quick }).predict('a');
    await expect(call).rejects.toBeInstanceOf(ConnectionError);
    await expect(call).rejects.toMatchObject({ cause: expect.any(Error) });
  });
});
