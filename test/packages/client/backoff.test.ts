import { afterEach, expect, test, vi } from 'vitest';
import { backoffDelay, readRetryAfter, wait } from '../../../packages/client/src/backoff.ts';

afterEach(() => vi.restoreAllMocks());

test('a delay lies between 0 and a limit that doubles up to the maximum', () => {
  const limits = { baseMs: 100, maxMs: 1_000 };
  vi.spyOn(Math, 'random').mockReturnValue(0);
  expect([1, 2, 9].map((attempt) => backoffDelay(attempt, limits))).toEqual([0, 0, 0]);
  vi.spyOn(Math, 'random').mockReturnValue(1);
  expect([1, 2, 3, 4, 5, 2_000].map((attempt) => backoffDelay(attempt, limits))).toEqual([
    100, 200, 400, 800, 1_000, 1_000,
  ]);
});

test('a delay starts after the time that the service asked for', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  expect(backoffDelay(1, { baseMs: 100, maxMs: 1_000 }, 3_000)).toBe(3_050);
});

test.each([
  [null, undefined],
  ['2', 2_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
])('retry-after %j means %j ms', (header, ms) => {
  expect(readRetryAfter(header, 1_000)).toBe(ms);
});

test('a wait ends when its signal aborts', async () => {
  await expect(wait(10_000, AbortSignal.timeout(10))).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(wait(10_000, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
});
