import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { normalCdf } from '../../../src/classifier/statistics/distributions.ts';
import {
  compareShares,
  evidenceOfGreater,
  MIN_TO_COMPARE,
} from '../../../src/classifier/statistics/two-proportions.ts';
import scipy from '../../fixtures/comparison/scipy.json' with { type: 'json' };

test.each(scipy.normal)('the normal distribution below $x is what scipy says', ({ x, below }) => {
  expect(Math.abs(normalCdf(x) - below)).toBeLessThan(1e-14);
});

interface World {
  /** The true shares of right answers. */
  readonly first: number;
  readonly second: number;
  /** The share of answers that the second gives. */
  readonly share: number;
}

/** The share of runs in which someone who looks after every answer comes to hold the second for better, or for worse. */
function lookAgainAndAgain({ first, second, share }: World, runs: number, answers: number) {
  const random = createRandom(20_261_124);
  let [better, worse] = [0, 0];
  for (let run = 0; run < runs; run += 1) {
    const [ofFirst, ofSecond] = [
      { count: 0, correct: 0 },
      { count: 0, correct: 0 },
    ];
    let [foundBetter, foundWorse] = [false, false];
    for (let answer = 0; answer < answers; answer += 1) {
      const isSecond = random() < share;
      const tally = isSecond ? ofSecond : ofFirst;
      tally.count += 1;
      if (random() < (isSecond ? second : first)) tally.correct += 1;
      foundBetter ||= evidenceOfGreater(ofFirst, ofSecond) >= 20;
      foundWorse ||= evidenceOfGreater(ofSecond, ofFirst) >= 20;
    }
    if (foundBetter) better += 1;
    if (foundWorse) worse += 1;
  }
  return { better: better / runs, worse: worse / runs };
}

describe('the evidence that the second share is greater', () => {
  test.each(scipy.shares)('of $first and $second is the integral that defines it', ({ first, second, evidence }) => {
    expect(evidenceOfGreater(first, second) / evidence).toBeCloseTo(1, 8);
  });

  test.each([
    { first: 0.5, second: 0.5, share: 0.5 },
    { first: 0.9, second: 0.9, share: 0.5 },
    { first: 0.9, second: 0.9, share: 0.1 },
    { first: 0.97, second: 0.97, share: 0.1 },
    { first: 0.99, second: 0.99, share: 0.02 },
  ])('misleads at most one in twenty who look after every answer: $first, $share', (world) => {
    const { better, worse } = lookAgainAndAgain(world, 400, 2_000);
    expect(better).toBeLessThanOrEqual(0.05);
    expect(worse).toBeLessThanOrEqual(0.05);
  });

  test('finds a canary that is better, and one that is worse', () => {
    expect(lookAgainAndAgain({ first: 0.85, second: 0.95, share: 0.1 }, 100, 3_000)).toMatchObject({ better: 1 });
    expect(lookAgainAndAgain({ first: 0.95, second: 0.8, share: 0.1 }, 100, 2_000)).toMatchObject({ worse: 1 });
  });
});

describe('two shares', () => {
  test('are compared with an interval for all looks', () => {
    const comparison = compareShares({ count: 4_000, correct: 3_600 }, { count: 400, correct: 392 });
    expect(comparison.difference).toBeCloseTo(0.08, 12);
    expect(comparison.interval!.low).toBeGreaterThan(0);
    expect(comparison.interval!.high).toBeLessThan(0.16);
    expect(comparison.greater).toBeGreaterThan(20);
    expect(comparison.smaller).toBeLessThan(1);
  });

  test('of few answers say nothing', () => {
    const few = { count: MIN_TO_COMPARE - 1, correct: 0 };
    const many = { count: 1_000, correct: 1_000 };
    expect(compareShares(many, few)).toEqual({ difference: -1, interval: null, greater: 1, smaller: 1 });
    expect(compareShares(many, { count: 0, correct: 0 }).difference).toBeNull();
  });
});
