import { expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { evidenceOfShareAbove } from '../../../src/classifier/statistics/binomial-evidence.ts';

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
