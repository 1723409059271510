import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { evidenceOfBetter, evidenceOfShareAbove, mcnemar } from '../../../src/classifier/statistics/binomial-tests.ts';
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

/** How many of some runs come to an evidence of 100 when it is looked at after each of 500 trials. */
function runsThatReach100(share: number, seed: number): number {
  const random = createRandom(seed);
  let reached = 0;
  for (let run = 0; run < 1_000; run += 1) {
    let hits = 0;
    for (let count = 1; count <= 500; count += 1) {
      hits += Number(random() < share);
      if (evidenceOfShareAbove(0.02, hits, count) < 100) continue;
      reached += 1;
      break;
    }
  }
  return reached;
}

test('a share at the limit is called higher in fewer than one in a hundred runs, however often it is looked at', () => {
  expect(runsThatReach100(0.02, 1)).toBeLessThanOrEqual(10);
});

test('a share far above it is found in nearly all', () => {
  expect(runsThatReach100(0.1, 2)).toBeGreaterThan(950);
});

test('is the ratio of the two likelihoods', () => {
  // 3 of 3: the mean of p^3 over all p is 1/4, against 0.1^3.
  expect(evidenceOfShareAbove(0.1, 3, 3)).toBeCloseTo(250, 8);
  expect(evidenceOfShareAbove(0.1, 0, 20)).toBe(0);
  expect(evidenceOfShareAbove(0.1, 0, 0)).toBe(0);
});
