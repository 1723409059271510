import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { evidenceOfGreaterQuantile } from '../../../src/classifier/statistics/quantile-tests.ts';

/** Counts durations in buckets as they come. */
function createHistogram() {
  const counts = new Map<number, number>();
  return {
    add: (bucket: number) => counts.set(bucket, (counts.get(bucket) ?? 0) + 1),
    counts: () => [...counts].map(([bucket, count]) => ({ bucket, count })),
  };
}

/** Returns the largest evidence of a run, with a look after every hundred durations of each sample. */
function largestEvidence(
  seed: number,
  draw: (random: () => number, isSecond: boolean) => number,
  length: number,
): number {
  const random = createRandom(seed);
  const [first, second] = [createHistogram(), createHistogram()];
  let largest = 0;
  for (let at = 1; at <= length; at += 1) {
    first.add(draw(random, false));
    second.add(draw(random, true));
    if (at % 100 === 0) {
      largest = Math.max(largest, evidenceOfGreaterQuantile(first.counts(), second.counts(), 4, 0.99));
    }
  }
  return largest;
}

/** Durations with a long tail: a geometric distribution over buckets. */
const tail = (random: () => number) => Math.floor(-Math.log(1 - random()) * 3);

describe('the evidence that a quantile is greater', () => {
  test.each([
    ['equal samples', 0],
    ['a sample that is slower by exactly the shift', 4],
  ])('reaches 20 in at most one of twenty runs of %s, with a look after every hundred', (_, shift) => {
    const runs = Array.from({ length: 200 }, (_, seed) =>
      largestEvidence(seed, (random, isSecond) => tail(random) + (isSecond ? shift : 0), 3_000),
    );
    expect(runs.filter((evidence) => evidence >= 20).length).toBeLessThanOrEqual(10);
  });

  test('is not raised by two outliers in a hundred', () => {
    const first = [{ bucket: 10, count: 100 }];
    const second = [
      { bucket: 10, count: 98 },
      { bucket: 90, count: 2 },
    ];
    expect(evidenceOfGreaterQuantile(first, second, 4, 0.99)).toBeLessThan(1);
  });

  test('finds a sample that is much slower', () => {
    expect(largestEvidence(1, (random, isSecond) => tail(random) + (isSecond ? 20 : 0), 3_000)).toBeGreaterThan(100);
  });

  test('does not count quantiles below the lowest bucket that matters', () => {
    const first = [{ bucket: 10, count: 3_000 }];
    const second = [{ bucket: 30, count: 3_000 }];
    expect(evidenceOfGreaterQuantile(first, second, 4, 0.99)).toBeGreaterThan(100);
    expect(evidenceOfGreaterQuantile(first, second, 4, 0.99, 40)).toBe(0);
    expect(evidenceOfGreaterQuantile([], second, 4, 0.99)).toBe(0);
  });
});
