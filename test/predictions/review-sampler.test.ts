import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createReviewSampler } from '../../src/predictions/review-sampler.ts';

const KEY = 'a key of some length';
const traces = Array.from({ length: 4_000 }, (_, at) => at.toString(16).padStart(32, '0'));
const picked = (share: number, key = KEY) => {
  const sampler = createReviewSampler(key, share);
  return new Set(traces.filter((trace) => sampler.shareOf(trace, 0) > 0));
};

describe('the review sampler', () => {
  test('picks its share of the traces', () => {
    expect(picked(0).size).toBe(0);
    expect(picked(1).size).toBe(traces.length);
    // Four standard deviations of 4,000 draws.
    expect(Math.abs(picked(0.1).size - 400)).toBeLessThan(76);
  });

  test('picks under a larger share what it picked under a smaller one', () => {
    expect(picked(0.05).isSubsetOf(picked(0.2))).toBe(true);
  });

  test('picks the same on every replica, and nobody without the key can foresee it', () => {
    expect(picked(0.1)).toEqual(picked(0.1));
    expect(picked(0.1, randomBytes(32).toString('hex'))).not.toEqual(picked(0.1));
  });

  test('picks the texts of a batch independently', () => {
    const sampler = createReviewSampler(KEY, 0.5);
    const shares = new Set(Array.from({ length: 40 }, (_, index) => sampler.shareOf(traces[0]!, index)));
    expect(shares.size).toBe(2);
    expect(Math.max(...shares)).toBeCloseTo(0.5, 4);
  });
});
