import { expect, test } from 'vitest';
import { createSlidingCounts } from '../../src/drift/sliding-counts.ts';

test('counts leave the window one slice at a time', () => {
  const counts = createSlidingCounts(2, 60, 6);
  counts.add(0, 1, 1_000);
  counts.add(1, 2, 1_005);
  counts.add(0, 1, 1_030);
  expect([...counts.sums(1_030)]).toEqual([2, 2]);
  expect([...counts.sums(1_059)]).toEqual([2, 2]);
  expect([...counts.sums(1_060)]).toEqual([1, 0]);
  expect([...counts.sums(1_090)]).toEqual([0, 0]);
});

test('all counts are gone after a long pause', () => {
  const counts = createSlidingCounts(1, 60, 6);
  counts.add(0, 5, 1_000);
  counts.add(0, 1, 1_000_000);
  expect([...counts.sums(1_000_000)]).toEqual([1]);
});

test('a clock that goes back loses no counts of the window', () => {
  const counts = createSlidingCounts(1, 60, 6);
  counts.add(0, 1, 1_030);
  counts.add(0, 1, 1_000);
  expect([...counts.sums(1_030)]).toEqual([2]);
});
