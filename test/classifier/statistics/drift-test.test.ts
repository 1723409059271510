import { describe, expect, test } from 'vitest';
import { combineVerdicts, measureDrift } from '../../../src/classifier/statistics/drift-test.ts';
import scipy from '../../fixtures/drift/scipy.json' with { type: 'json' };

const reference = [0.1, 0.2, 0.3, 0.4];
const alike = (samples: number) => reference.map((share) => Math.round(share * samples));

describe('the verdict', () => {
  test('on many texts like those of the training is that they are stable', () => {
    expect(measureDrift(alike(1000), reference, 10_000)).toMatchObject({ samples: 1000, verdict: 'stable' });
  });

  test('on many texts unlike them is drift', () => {
    const drift = measureDrift([400, 300, 200, 100], reference, 10_000);
    expect(drift.verdict).toBe('drift');
    expect(drift.psi).toBeGreaterThan(0.9);
    expect(drift.psiInterval!.low).toBeGreaterThan(0.2);
  });

  test('on few texts is that it is unsure, however unlike they are', () => {
    const drift = measureDrift([5, 0, 0, 0], reference, 10_000);
    expect(drift).toMatchObject({ samples: 5, samplesNeeded: 200, verdict: 'unsure' });
    expect(drift.psi).toBeGreaterThan(1);
  });

  test('on texts whose index may lie on either side of the alarm is that it is unsure', () => {
    expect(measureDrift([50, 65, 60, 75], reference, 10_000).verdict).toBe('unsure');
  });

  test('on nothing is that it is unsure', () => {
    expect(measureDrift([0, 0, 0, 0], reference, 10_000)).toMatchObject({
      psi: 0,
      psiInterval: null,
      verdict: 'unsure',
    });
  });

  test('needs more texts where there are more bins', () => {
    const many = Array(77).fill(1 / 77);
    expect(measureDrift(Array(77).fill(1), many, 10_000).samplesNeeded).toBe(385);
  });

  test.each(scipy.chance)('takes off what chance alone adds: $mean for $bins bins and $samples texts', (chance) => {
    const { bins, samples, referenceSize, mean, deviation } = chance;
    const even = Array<number>(bins).fill(1 / bins);
    const { psiInterval } = measureDrift(Array<number>(bins).fill(samples / bins), even, referenceSize);
    // Equal shares leave nothing but chance: the interval's upper end is 1.96 of its standard deviations.
    expect(psiInterval!.high / 1.96 / deviation).toBeCloseTo(1, 1);
    expect(((bins - 1) * (1 / samples + 1 / referenceSize)) / mean).toBeCloseTo(1, 1);
  });

  test.each([
    [['stable', 'stable'], 'stable'],
    [['stable', 'unsure'], 'unsure'],
    [['unsure', 'drift'], 'drift'],
  ] as const)('on features that are %j together is %s', (verdicts, together) => {
    expect(combineVerdicts(verdicts)).toBe(together);
  });
});
