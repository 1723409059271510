import { expect, test } from 'vitest';
import { estimateRatio } from '../../../../tools/load/scenarios/ratio.ts';

const BEFORE = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];

test('the ratio and its interval are those of an independent calculation for the shift of the logarithms', () => {
  // In Python: d = sorted(log(a) - log(b) for all pairs); exp(median(d)); d[C - 1] and d[n * m - C] with
  // C = round(nm / 2 - 1.96 sqrt(nm (n + m + 1) / 12)), here 18.
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const { ratio, interval } = estimateRatio(BEFORE, after)!;
  expect(ratio).toBeCloseTo(0.675384615385, 9);
  expect(interval![0]).toBeCloseTo(0.417419354839, 9);
  expect(interval![1]).toBeCloseTo(1.265432098765, 9);
});

test('values that are all twice as large have the ratio 2, and the inverse is its inverse', () => {
  const after = BEFORE.map((value) => 2 * value);
  const forth = estimateRatio(BEFORE, after)!;
  const back = estimateRatio(after, BEFORE)!;
  expect(forth.ratio).toBeCloseTo(2, 12);
  expect(back.ratio).toBeCloseTo(1 / 2, 12);
  expect(back.interval![0] * forth.interval![1]).toBeCloseTo(1, 12);
});

test('an outlier hardly moves the ratio, few values have no interval, and zeros have no ratio', () => {
  expect(estimateRatio(BEFORE, [...BEFORE, 1_000])!.ratio).toBeLessThan(1.2);
  expect(estimateRatio([1, 2, 3, 4], [2, 4, 6, 8])!.interval).toBeNull();
  expect(estimateRatio([0, 1], [1, 2])).toBeNull();
  expect(estimateRatio([], [1])).toBeNull();
});
