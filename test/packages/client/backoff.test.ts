import { afterEach, expect, test, vi } from 'vitest';
import { backoff, readRetryAfter, wait } from '../../../packages/client/src/backoff.ts';

afterEach(() => vi.restoreAllMocks());

test('waits lie between nothing and a limit that doubles, and never beyond the longest', () => {
  const limits = { baseMs: 100, maxMs: 1_000 };
  vi.spyOn(Math, 'random').mockReturnValue(0);
  expect([1, 2, 9].map((attempt) => backoff(attempt, limits))).toEqual([0, 0, 0]);
  vi.spyOn(Math, 'random').mockReturnValue(1);
  expect([1, 2, 3, 4, 5, 2_000].map((attempt) => backoff(attempt, limits))).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('a time that the service named is added to', () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  expect(backoff(1, { baseMs: 100, maxMs: 1_000 }, 3_000)).toBe(3_050);
});

test.each([
  [null, undefined],
  ['2', 2_000],
  ['Thu, 01 Jan 1970 00:00:10 GMT', 9_000],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['soon', undefined],
])('retry-after %j is %j ms', (header, ms) => {
  expect(readRetryAfter(header, 1_000)).toBe(ms);
});

test('a wait ends with its signal', async () => {
  await expect(wait(10_000, AbortSignal.timeout(10))).rejects.toMatchObject({ name: 'TimeoutError' });
  await expect(wait(10_000, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
});
