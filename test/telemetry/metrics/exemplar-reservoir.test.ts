import { expect, test } from 'vitest';
import { bucketOf, SlowestExemplarReservoir } from '../../../src/telemetry/metrics/exemplar-reservoir.ts';

const WINDOW = 1_000;

function reservoir(offers: [value: number, time: number][]): SlowestExemplarReservoir {
  const kept = new SlowestExemplarReservoir([1, 2], WINDOW);
  for (const [value, time] of offers) {
    kept.offer(value, time, { traceId: `trace-${value}`, spanId: `span-${value}`, traceFlags: 1 });
  }
  return kept;
}

const values = (kept: SlowestExemplarReservoir) => kept.collect().map(({ value }) => value);

test('keeps the slowest of each bucket', () => {
  const kept = reservoir([
    [0.2, 0],
    [0.9, 1],
    [0.5, 2],
    [1.5, 3],
    [7, 4],
    [3, 5],
  ]);
  expect(values(kept)).toEqual([0.9, 1.5, 7]);
  expect(kept.collect()[0]).toMatchObject({ traceId: 'trace-0.9', spanId: 'span-0.9', time: 1 });
});

test('a value on a boundary belongs to the bucket below it', () => {
  expect([0, 1, 1.5, 2, 2.1].map((value) => bucketOf(value, [1, 2]))).toEqual([0, 0, 1, 1, 2]);
});

test('the slowest of the previous window still counts, so that a scrape between two windows misses none', () => {
  expect(
    values(
      reservoir([
        [0.9, 0],
        [0.1, WINDOW],
      ]),
    ),
  ).toEqual([0.9]);
  expect(
    values(
      reservoir([
        [0.1, 0],
        [0.9, WINDOW],
      ]),
    ),
  ).toEqual([0.9]);
});

test('an older one is replaced by any of the current window', () => {
  expect(
    values(
      reservoir([
        [0.9, 0],
        [0.1, WINDOW],
        [0.2, 2 * WINDOW],
      ]),
    ),
  ).toEqual([0.2]);
  expect(
    values(
      reservoir([
        [0.9, 0],
        [0.1, 5 * WINDOW],
      ]),
    ),
  ).toEqual([0.1]);
});

test('without new measurements the last one stays', () => {
  expect(values(reservoir([[0.9, 0]]))).toEqual([0.9]);
});
