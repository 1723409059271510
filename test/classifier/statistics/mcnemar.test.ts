import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { evidenceOfBetter, mcnemar } from '../../../src/classifier/statistics/mcnemar.ts';
import scipy from '../../fixtures/comparison/scipy.json' with { type: 'json' };

describe("McNemar's test", () => {
  test.each(scipy.paired)('of $onlyFirst against $onlySecond is what statsmodels says', (pair) => {
    const { exact, midP } = mcnemar(pair.onlyFirst, pair.onlySecond);
    expect(exact / pair.exact).toBeCloseTo(1, 10);
    expect(midP / pair.midP).toBeCloseTo(1, 10);
  });

  test('of nothing says nothing', () => {
    expect(mcnemar(0, 0)).toEqual({ exact: 1, midP: expect.closeTo(1, 12) });
  });
});

describe('the evidence that the second is better', () => {
  test.each(scipy.paired)('of $onlyFirst against $onlySecond is the integral that defines it', (pair) => {
    expect(evidenceOfBetter(pair.onlyFirst, pair.onlySecond) / pair.evidence).toBeCloseTo(1, 9);
  });

  test('of nothing is none', () => {
    expect(evidenceOfBetter(0, 0)).toBeCloseTo(1, 12);
  });

  test('is a number for counts of any size', () => {
    expect(evidenceOfBetter(0, 1_000_000)).toBe(Number.MAX_VALUE);
    expect(evidenceOfBetter(1_000_000, 0)).toBe(0);
    expect(evidenceOfBetter(500_000, 500_000)).toBeLessThan(1);
  });

  test('never bets on average against what is so: each next text leaves it as it was', () => {
    for (const [first, second] of [
      [0, 0],
      [3, 8],
      [40, 30],
    ] as const) {
      const next = (evidenceOfBetter(first + 1, second) + evidenceOfBetter(first, second + 1)) / 2;
      expect(next / evidenceOfBetter(first, second)).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('misleads at most one in twenty who look after every text, where neither is better', () => {
    const random = createRandom(20_261_124);
    let misled = 0;
    for (let run = 0; run < 1_000; run += 1) {
      let [first, second] = [0, 0];
      while (first + second < 2_000) {
        if (random() < 0.5) first += 1;
        else second += 1;
        if (evidenceOfBetter(first, second) < 20) continue;
        misled += 1;
        break;
      }
    }
    expect(misled / 1_000).toBeLessThanOrEqual(0.05);
    // It is a test with some power: chance alone misleads some.
    expect(misled).toBeGreaterThan(0);
  });

  test('finds what is better by three in four, of a hundred at most', () => {
    const random = createRandom(7);
    let found = 0;
    for (let run = 0; run < 200; run += 1) {
      let [first, second] = [0, 0];
      while (first + second < 100 && evidenceOfBetter(first, second) < 20) {
        if (random() < 0.25) first += 1;
        else second += 1;
      }
      if (evidenceOfBetter(first, second) >= 20) found += 1;
    }
    expect(found).toBeGreaterThan(190);
  });
});
