import { expect, test } from 'vitest';
import { parseDurationMs } from '../../src/platform/durations.ts';

test.each([
  ['25ms', 25],
  ['0s', 0],
  ['1.5s', 1_500],
  ['30m', 1_800_000],
  ['24h', 86_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
])('parses %s', (text, milliseconds) => {
  expect(parseDurationMs(text)).toBe(milliseconds);
});

test.each(['', '5', 's', '-1s', '1.s', '.5s', '1y', '1h30m', ' 1s', '1 s', '1S'])('rejects %j', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});
