import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { evidenceOfBetter, evidenceOfShareAbove, mcnemar } from '../../../src/classifier/statistics/binomial-tests.ts';
import scipy from '../../fixtures/comparison/scipy.json' with { type: 'json' };

describe("McNemar's test", () => {
  test.each(scipy.paired)('gives the p-values of statsmodels for $onlyFirst against $onlySecond', (pair) => {
    const { exact, midP } = mcnemar(pair.onlyFirst, pair.onlySecond);
    expect(exact / pair.exact).toBeCloseTo(1, 10);
    expect(midP / pair.midP).toBeCloseTo(1, 10);
  });

  test('gives p-values of 1 without texts', () => {
    expect(mcnemar(0, 0)).toEqual({ exact: 1, midP: expect.closeTo(1, 12) });
  });
});

describe('the evidence that the second classifier is better', () => {
  test.each(scipy.paired)('equals the integral of its definition for $onlyFirst against $onlySecond', (pair) => {
    expect(evidenceOfBetter(pair.onlyFirst, pair.onlySecond) / pair.evidence).toBeCloseTo(1, 9);
  });

  test('is 1 without texts', () => {
    expect(evidenceOfBetter(0, 0)).toBeCloseTo(1, 12);
  });

  test('is a finite number for counts of any size', () => {
    expect(evidenceOfBetter(0, 1_000_000)).toBe(Number.MAX_VALUE);
    expect(evidenceOfBetter(1_000_000, 0)).toBe(0);
    expect(evidenceOfBetter(500_000, 500_000)).toBeLessThan(1);
  });

  test('does not grow on average with the next text if neither classifier is better', () => {
    for (const [first, second] of [
      [0, 0],
      [3, 8],
      [40, 30],
    ] as const) {
      const next = (evidenceOfBetter(first + 1, second) + evidenceOfBetter(first, second + 1)) / 2;
      expect(next / evidenceOfBetter(first, second)).toBeLessThanOrEqual(1 + 1e-9);
    }
  });

  test('reaches 20 in at most one of twenty runs with a look after every text if neither is better', () => {
    const random = createRandom(20_261_124);
    let misledRuns = 0;
    for (let run = 0; run < 1_000; run += 1) {
      let [first, second] = [0, 0];
      while (first + second < 2_000) {
        if (random() < 0.5) first += 1;
        else second += 1;
        if (evidenceOfBetter(first, second) < 20) continue;
        misledRuns += 1;
        break;
      }
    }
    expect(misledRuns / 1_000).toBeLessThanOrEqual(0.05);
    // Some runs reach 20 by chance: otherwise the test would have no power.
    expect(misledRuns).toBeGreaterThan(0);
  });

  test('finds a classifier that wins three of four texts, within a hundred texts', () => {
    const random = createRandom(7);
    let foundRuns = 0;
    for (let run = 0; run < 200; run += 1) {
      let [first, second] = [0, 0];
      while (first + second < 100 && evidenceOfBetter(first, second) < 20) {
        if (random() < 0.25) first += 1;
        else second += 1;
      }
      if (evidenceOfBetter(first, second) >= 20) foundRuns += 1;
    }
    expect(foundRuns).toBeGreaterThan(190);
  });
});

/** Returns the number of 1,000 runs whose evidence reaches 100, with a look after each of 500 trials. */
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

test('the evidence for a share above the limit is wrong in at most one of a hundred runs with many looks', () => {
  expect(runsThatReach100(0.02, 1)).toBeLessThanOrEqual(10);
});

test('the evidence finds a share far above the limit in nearly all runs', () => {
  expect(runsThatReach100(0.1, 2)).toBeGreaterThan(950);
});

test('the evidence for a share above the limit is the ratio of two likelihoods', () => {
  // 3 of 3: the mean of p^3 over all p is 1/4, against 0.1^3.
  expect(evidenceOfShareAbove(0.1, 3, 3)).toBeCloseTo(250, 8);
  expect(evidenceOfShareAbove(0.1, 0, 20)).toBe(0);
  expect(evidenceOfShareAbove(0.1, 0, 0)).toBe(0);
});
