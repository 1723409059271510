import { describe, expect, test } from 'vitest';
import { jensenShannonDistance, populationStabilityIndex } from '../../../src/classifier/statistics/divergence.ts';
import scipy from '../../fixtures/drift/scipy.json' with { type: 'json' };

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

describe.each(scipy.cases)('divergences of $name', ({ counts, reference, psi, js }) => {
  const shares = counts.map((count) => count / total(counts));

  test('the stability index is that of scipy', () => {
    expect(populationStabilityIndex(shares, reference)).toBeCloseTo(psi, 12);
  });

  test('the Jensen-Shannon distance is that of scipy', () => {
    expect(jensenShannonDistance(shares, reference)).toBeCloseTo(js, 7);
  });
});

test('both divergences are symmetric', () => {
  const [one, other] = [
    [0.2, 0.8, 0],
    [0.5, 0.4, 0.1],
  ];
  expect(populationStabilityIndex(one!, other!)).toBeCloseTo(populationStabilityIndex(other!, one!), 12);
  expect(jensenShannonDistance(one!, other!)).toBeCloseTo(jensenShannonDistance(other!, one!), 12);
});
