import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { comparePairs, pairedDifferenceInterval } from '../../../src/classifier/statistics/paired-difference.ts';

describe('the comparison of two classifiers on the same texts', () => {
  test('counts which of them is right', () => {
    const first = [true, true, true, false, false, false];
    const second = [true, false, true, true, true, false];
    expect(comparePairs(first, second)).toMatchObject({
      count: 6,
      bothCorrect: 2,
      onlyFirst: 1,
      onlySecond: 2,
      neither: 1,
      difference: 1 / 6,
    });
  });

  test('is symmetric, and knows nothing without texts', () => {
    const { low, high } = pairedDifferenceInterval(3, 12, 100);
    expect(pairedDifferenceInterval(12, 3, 100)).toEqual({ low: -high, high: -low });
    expect(comparePairs([], [])).toMatchObject({ count: 0, difference: 0, interval: { low: -1, high: 1 } });
  });

  test('has an interval by the formula of Agresti and Min', () => {
    // (12 - 3) / 102 ± 1.96 √(((15 + 1) - 9²/102) / 102²)
    const { low, high } = pairedDifferenceInterval(3, 12, 100);
    expect(low).toBeCloseTo(9 / 102 - (1.959964 * Math.sqrt(16 - 81 / 102)) / 102, 6);
    expect(high).toBeCloseTo(9 / 102 + (1.959964 * Math.sqrt(16 - 81 / 102)) / 102, 6);
  });

  test('the interval covers the true difference in about 95 % of samples', () => {
    const random = createRandom(1);
    const [onlyFirst, onlySecond, count, samples] = [0.04, 0.1, 120, 4_000];
    let covered = 0;
    for (let sample = 0; sample < samples; sample += 1) {
      let [first, second] = [0, 0];
      for (let text = 0; text < count; text += 1) {
        const draw = random();
        if (draw < onlyFirst) first += 1;
        else if (draw < onlyFirst + onlySecond) second += 1;
      }
      const { low, high } = pairedDifferenceInterval(first, second, count);
      if (low <= onlySecond - onlyFirst && onlySecond - onlyFirst <= high) covered += 1;
    }
    expect(covered / samples).toBeGreaterThan(0.935);
    expect(covered / samples).toBeLessThan(0.975);
  });
});
