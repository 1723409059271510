import { describe, expect, test } from 'vitest';
import { combineVerdicts, measureDrift } from '../../../src/classifier/statistics/drift-test.ts';
import scipy from '../../fixtures/drift/scipy.json' with { type: 'json' };

const REFERENCE = [0.1, 0.2, 0.3, 0.4];
const sameShares = (samples: number) => REFERENCE.map((share) => Math.round(share * samples));

describe('the verdict on drift', () => {
  test('is stable for many texts like the training texts', () => {
    expect(measureDrift(sameShares(1000), REFERENCE, 10_000)).toMatchObject({ samples: 1000, verdict: 'stable' });
  });

  test('is drift for many texts unlike the training texts', () => {
    const drift = measureDrift([400, 300, 200, 100], REFERENCE, 10_000);
    expect(drift.verdict).toBe('drift');
    expect(drift.psi).toBeGreaterThan(0.9);
    expect(drift.psiInterval!.low).toBeGreaterThan(0.2);
  });

  test('is unsure for few texts, even if they are very different', () => {
    const drift = measureDrift([5, 0, 0, 0], REFERENCE, 10_000);
    expect(drift).toMatchObject({ samples: 5, samplesNeeded: 200, verdict: 'unsure' });
    expect(drift.psi).toBeGreaterThan(1);
  });

  test('is unsure if the interval of the index contains the alarm', () => {
    expect(measureDrift([50, 65, 60, 75], REFERENCE, 10_000).verdict).toBe('unsure');
  });

  test('is unsure without texts', () => {
    expect(measureDrift([0, 0, 0, 0], REFERENCE, 10_000)).toMatchObject({
      psi: 0,
      psiInterval: null,
      verdict: 'unsure',
    });
  });

  test('needs more texts for more bins', () => {
    const many = Array(77).fill(1 / 77);
    expect(measureDrift(Array(77).fill(1), many, 10_000).samplesNeeded).toBe(385);
  });

  test.each(scipy.chance)('subtracts the effect of chance: $mean for $bins bins and $samples texts', (chance) => {
    const { bins, samples, referenceSize, mean, deviation } = chance;
    const even = Array<number>(bins).fill(1 / bins);
    const { psiInterval } = measureDrift(Array<number>(bins).fill(samples / bins), even, referenceSize);
    // With equal shares only chance remains: the upper end of the interval is 1.96 standard deviations.
    expect(psiInterval!.high / 1.96 / deviation).toBeCloseTo(1, 1);
    expect(((bins - 1) * (1 / samples + 1 / referenceSize)) / mean).toBeCloseTo(1, 1);
  });

  test.each([
    [['stable', 'stable'], 'stable'],
    [['stable', 'unsure'], 'unsure'],
    [['unsure', 'drift'], 'drift'],
  ] as const)('of features that are %j is %s together', (verdicts, together) => {
    expect(combineVerdicts(verdicts)).toBe(together);
  });
});
