import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { chiSquaredTail } from '../../../src/classifier/statistics/distributions.ts';
import { checkFairness } from '../../../src/classifier/statistics/fairness.ts';

test.each([
  // Q(a, x) by its series with sixty digits.
  [3.841458820694124, 1, 0.05],
  [16.918977604620448, 9, 0.05],
  [2, 2, 0.36787944117144233],
  [50, 9, 1.07723820225747e-7],
  [0, 5, 1],
])('the chi-squared tail of %d with %d degrees of freedom is %d', (x, degrees, tail) => {
  expect(chiSquaredTail(x, degrees) / tail).toBeCloseTo(1, 6);
});

describe('the check of a sample', () => {
  const all = [0, 0, 0, 0, 0, 400, 600, 1_000, 3_000, 15_000];

  test('calls random samples different in about one of a hundred at most', () => {
    const random = createRandom(7);
    const verdicts = Array.from({ length: 300 }, () => {
      const labelled = all.map((count) => {
        let picked = 0;
        for (let at = 0; at < count; at += 10) if (random() < 0.2) picked += 1;
        return picked;
      });
      return checkFairness(labelled, all).verdict;
    });
    expect(verdicts.filter((verdict) => verdict === 'different').length).toBeLessThanOrEqual(9);
  });

  test('calls reports of errors different, because the model is less sure of its errors', () => {
    const report = checkFairness([0, 0, 0, 0, 0, 60, 50, 40, 30, 20], all);
    expect(report).toMatchObject({ verdict: 'different' });
    expect(report.pValue).toBeLessThan(1e-6);
  });

  test('is unsure with few labels, or if nothing is unlabelled', () => {
    expect(checkFairness([0, 0, 0, 0, 0, 0, 0, 0, 0, 20], all).verdict).toBe('unsure');
    expect(checkFairness(all, all).verdict).toBe('unsure');
  });
});
