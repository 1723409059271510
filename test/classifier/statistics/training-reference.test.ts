import { expect, test } from 'vitest';
import {
  binName,
  binNames,
  buildReference,
  DRIFT_FEATURES,
} from '../../../src/classifier/statistics/training-reference.ts';

const observations = Array.from({ length: 1000 }, (_, at) => ({
  label: at % 4 === 0 ? 'spam' : 'ham',
  confidence: at / 1000,
  characters: at,
  unknownRatio: at / 1000,
}));

test.each([
  ['confidence', 0, '0.0-0.1'],
  ['confidence', 0.1, '0.1-0.2'],
  ['confidence', 1, '0.9-1.0'],
  ['characters', 0, '0-15'],
  ['characters', 16, '16-31'],
  ['characters', 8191, '4096-8191'],
  ['characters', 1e9, '8192+'],
  ['unknown_ratio', 0, '0.00'],
  ['unknown_ratio', 0.01, '0.00-0.05'],
  ['unknown_ratio', 0.8, '0.80-1.00'],
  ['unknown_ratio', 1, '1.00'],
] as const)('%s %d falls into %s', (feature, value, bin) => {
  expect(binName(feature, value)).toBe(bin);
});

test('a reference has a share for every bin of every feature, and the shares have a sum of 1', () => {
  const labels = ['ham', 'never', 'spam'];
  const reference = buildReference(observations, labels);
  for (const feature of DRIFT_FEATURES) {
    expect(Object.keys(reference[feature]).sort()).toEqual([...binNames(feature, labels)].sort());
    expect(Object.values(reference[feature]).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  }
  expect(reference.label).toEqual({ ham: 0.75, never: 0, spam: 0.25 });
});
