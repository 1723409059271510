import { describe, expect, test } from 'vitest';
import { createCountsPool } from '../../src/process/pooled-counts.ts';

const counted = (...counts: number[]) => [
  { name: 'spam@1 2', windowMs: 60_000, slices: 60, counts: Float64Array.from(counts) },
];

describe('createCountsPool', () => {
  test('adds up the counts of all workers', () => {
    const pool = createCountsPool(() => 1_000_000);
    pool(counted(1, 0));
    expect(pool(counted(2, 5))).toEqual([{ name: 'spam@1 2', counts: Float64Array.from([3, 5]) }]);
  });

  test('removes counts that are older than the window', () => {
    let now = 1_000_000;
    const pool = createCountsPool(() => now);
    pool(counted(1, 1));
    now += 30_000;
    pool(counted(1, 0));
    now += 31_000;
    expect(pool(counted(0, 0))[0]!.counts).toEqual(Float64Array.from([1, 0]));
  });
});
