import { expect, test } from 'vitest';
import { createCautiousClock } from '../../src/platform/cautious-clock.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

/** Creates a clock whose wall time and monotonic time the test sets. */
function clockOf(start: number) {
  const time = { wall: start, monotonic: 5_000 };
  const clock = createCautiousClock(
    () => time.wall,
    () => time.monotonic,
  );
  const pass = (ms: number, stepMs = 0) => {
    time.monotonic += ms;
    time.wall += ms + stepMs;
    return clock() - time.wall;
  };
  return { pass };
}

test('follows the wall clock, also over small steps and over steps back', () => {
  const { pass } = clockOf(1_800_000_000_000);
  expect(pass(HOUR)).toBe(0);
  expect(pass(HOUR, 30_000)).toBe(0);
  expect(pass(HOUR, -YEAR)).toBe(0);
});

test('does not believe a jump ahead that is taken back', () => {
  const { pass } = clockOf(1_800_000_000_000);
  expect(pass(MINUTE, YEAR)).toBe(-YEAR);
  expect(pass(MINUTE)).toBe(-YEAR);
  expect(pass(MINUTE, -YEAR)).toBe(0);
});

test('believes a jump ahead that lasts for an hour, as after a suspension of the machine', () => {
  const { pass } = clockOf(1_800_000_000_000);
  expect(pass(MINUTE, YEAR)).toBe(-YEAR);
  expect(pass(59 * MINUTE)).toBe(-YEAR);
  expect(pass(MINUTE)).toBe(0);
});
