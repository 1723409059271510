import { expect, test } from 'vitest';
import { type Point, theilSen } from '../../../../tools/load/scenarios/trend.ts';

const indexed = (values: readonly number[]): Point[] => values.map((value, at) => [at, value]);

test('for independent neighbours, slope and interval equal those of scipy.stats.theilslopes (1.17.1)', () => {
  const values = [
    1.04, 2.96, 1.99, -2.41, 4.72, 3.84, 1.39, 5.24, 5.09, 5.38, 5.09, 7.14, 3.79, 6.01, 5.55, 9.3, 8.12, 7.62, 6.65,
    8.73, 10.02, 9.67, 14.88, 14.52, 3.87, 6.83, 12.48, 12.23, 14.64, 15.15,
  ];
  const trend = theilSen(indexed(values))!;
  expect(trend.slope).toBeCloseTo(0.4218181818, 9);
  expect(trend.lower).toBeCloseTo(0.344, 9);
  expect(trend.upper).toBeCloseTo(0.5357142857, 9);
});

test('autocorrelation widens the interval by the correction of Hamed and Rao, as in pymannkendall (1.4.3)', () => {
  const values = [
    0, 2.12, 0.58, 0.09, 2.11, 2.34, 2.53, 1.51, -0.44, -0.18, -0.04, -1.26, -1.69, -1.42, -2.08, -1.76, -1.32, -1.02,
    -1.32, -0.46, 0.52, 0.74, -0.23, 0.55, -0.06, 0.83, -0.41, 0.59, 0.45, -0.89, -1.02, -0.77, -0.34, -1.25, -2.11,
    -1.49, -1.66, -1.09, -0.11, -1.74,
  ];
  const trend = theilSen(indexed(values))!;
  expect(trend.slope).toBeCloseTo(-0.0501923077, 9);
  // Without the correction: -0.0923809524 to -0.0135294118. The variance is 8668.0105 instead of 7364.6667.
  expect(trend.lower).toBeCloseTo(-0.0947826087, 9);
  expect(trend.upper).toBeCloseTo(-0.01, 9);
});

test('a single outlier does not move the slope', () => {
  const line = Array.from({ length: 21 }, (_, at) => 2 * at);
  line[20] = 1e9;
  expect(theilSen(indexed(line))!.slope).toBe(2);
});

test('a constant has a slope of zero, and too few points have no slope', () => {
  expect(theilSen(indexed(new Array<number>(20).fill(7)))).toMatchObject({ slope: 0, lower: 0, upper: 0 });
  expect(theilSen(indexed([1, 2, 3]))).toBeNull();
});
