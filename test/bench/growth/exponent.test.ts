import { describe, expect, it } from 'vitest';
import { exponentOf } from '../../../bench/growth/exponent.ts';

describe('exponentOf', () => {
  it('finds the exponent of a power', () => {
    expect(exponentOf([1, 10, 100, 1_000].map((size) => [size, 7 * size ** 0.5]))).toBeCloseTo(0.5, 12);
    expect(exponentOf([2, 20, 200].map((size) => [size, 3 / size]))).toBeCloseTo(-1, 12);
  });

  it('is 0 for a constant', () => {
    expect(
      exponentOf([
        [1, 5],
        [1_000, 5],
      ]),
    ).toBeCloseTo(0, 12);
  });

  it('leaves out what has no logarithm', () => {
    expect(
      exponentOf([
        [1, 0],
        [10, 10],
        [100, 100],
      ]),
    ).toBeCloseTo(1, 12);
  });

  it('needs two different sizes', () => {
    expect(exponentOf([[5, 1]])).toBeUndefined();
    expect(
      exponentOf([
        [5, 1],
        [5, 2],
      ]),
    ).toBeUndefined();
  });
});
