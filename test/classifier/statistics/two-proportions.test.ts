import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { normalCdf } from '../../../src/classifier/statistics/distributions.ts';
import {
  compareShares,
  evidenceOfGreater,
  MIN_TO_COMPARE,
} from '../../../src/classifier/statistics/two-proportions.ts';
import scipy from '../../fixtures/comparison/scipy.json' with { type: 'json' };

test.each(scipy.normal)('the normal distribution function of $x is that of scipy', ({ x, below }) => {
  expect(Math.abs(normalCdf(x) - below)).toBeLessThan(1e-14);
});

interface Scenario {
  /** The true shares of correct predictions. */
  readonly first: number;
  readonly second: number;
  /** The share of predictions by the second group. */
  readonly share: number;
}

/** Returns the shares of runs that find the second group better or worse, with a look after every prediction. */
function simulateLooks({ first, second, share }: Scenario, runs: number, predictions: number) {
  const random = createRandom(20_261_124);
  let [better, worse] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const [firstTally, secondTally] = [
      { count: 0, correct: 0 },
      { count: 0, correct: 0 },
    ];
    let [foundBetter, foundWorse] = [false, false];
    for (let at = 0; at < predictions; at += 1) {
      const isSecond = random() < share;
      const tally = isSecond ? secondTally : firstTally;
      tally.count += 1;
      if (random() < (isSecond ? second : first)) tally.correct += 1;
      foundBetter ||= evidenceOfGreater(firstTally, secondTally) >= 20;
      foundWorse ||= evidenceOfGreater(secondTally, firstTally) >= 20;
    }
    if (foundBetter) better += 1;
    if (foundWorse) worse += 1;
  }
  return { better: better / runs, worse: worse / runs };
}

describe('the evidence that the second share is greater', () => {
  test.each(scipy.shares)(
    'equals the integral of its definition for $first and $second',
    ({ first, second, evidence }) => {
      expect(evidenceOfGreater(first, second) / evidence).toBeCloseTo(1, 8);
    },
  );

  test.each([
    { first: 0.5, second: 0.5, share: 0.5 },
    { first: 0.9, second: 0.9, share: 0.5 },
    { first: 0.9, second: 0.9, share: 0.1 },
    { first: 0.97, second: 0.97, share: 0.1 },
    { first: 0.99, second: 0.99, share: 0.02 },
  ])('is wrong in at most one of twenty runs with a look after every prediction: $first, $share', (scenario) => {
    const { better, worse } = simulateLooks(scenario, 400, 2_000);
    expect(better).toBeLessThanOrEqual(0.05);
    expect(worse).toBeLessThanOrEqual(0.05);
  });

  test('finds a better canary and a worse canary', () => {
    expect(simulateLooks({ first: 0.85, second: 0.95, share: 0.1 }, 100, 3_000)).toMatchObject({ better: 1 });
    expect(simulateLooks({ first: 0.95, second: 0.8, share: 0.1 }, 100, 2_000)).toMatchObject({ worse: 1 });
  });
});

describe('the comparison of two shares', () => {
  test('has an interval for all looks', () => {
    const comparison = compareShares({ count: 4_000, correct: 3_600 }, { count: 400, correct: 392 });
    expect(comparison.difference).toBeCloseTo(0.08, 12);
    expect(comparison.interval!.low).toBeGreaterThan(0);
    expect(comparison.interval!.high).toBeLessThan(0.16);
    expect(comparison.greater).toBeGreaterThan(20);
    expect(comparison.smaller).toBeLessThan(1);
  });

  test('has no interval and no evidence for few predictions', () => {
    const few = { count: MIN_TO_COMPARE - 1, correct: 0 };
    const many = { count: 1_000, correct: 1_000 };
    expect(compareShares(many, few)).toEqual({ difference: -1, interval: null, greater: 1, smaller: 1 });
    expect(compareShares(many, { count: 0, correct: 0 }).difference).toBeNull();
  });
});
