import { describe, expect, test } from 'vitest';
import { wilsonInterval } from '../../../src/classifier/statistics/wilson.ts';

describe('the Wilson interval', () => {
  // scipy 1.17.1: stats.binomtest(successes, trials).proportion_ci(method='wilson')
  test.each([
    [0, 10, 0, 0.27753279986288926],
    [10, 10, 0.7224672001371109, 1],
    [7, 10, 0.39677814746114526, 0.892208732593699],
    [950, 1000, 0.9346861797557491, 0.9618697376072511],
    [1, 3, 0.06149194472039626, 0.7923403991979523],
  ])('of %d in %d is that of scipy', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.low).toBeCloseTo(low, 12);
    expect(interval.high).toBeCloseTo(high, 12);
  });

  test('is 0 to 1 without trials', () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });
});
