import { describe, expect, test } from 'vitest';
import type { HourOfPairs } from '../../../src/feedback/database/experiment.ts';
import {
  type ArmHour,
  evidenceOfArms,
  evidenceOfPairs,
  evidenceOfReports,
} from '../../../src/maintenance/comparison/evidence.ts';

const pairs = (changes: Partial<HourOfPairs>): HourOfPairs => ({
  hour: 1,
  asked: false,
  disagreements: 0,
  onlyActive: 0,
  onlyShadow: 0,
  neither: 0,
  ...changes,
});
const none = { due: 0, count: 0, correct: 0 };
const arm = (hour: number, due: number, count: number, correct: number): ArmHour => ({
  hour,
  all: { due, count, correct },
  asked: none,
});

describe('the evidence about a shadow', () => {
  test('of error reports alone seems overwhelming, and is not proven', () => {
    // A coin flip beside a version that is correct in 98 %: it disagrees on half of 5,000 texts, and is right on 50 of 100 errors.
    const evidence = evidenceOfPairs([pairs({ disagreements: 2_500, onlyShadow: 50 })]);
    expect(evidence.better).toBeGreaterThan(1e12);
    expect(evidence.provenBetter).toBeLessThan(1);
    expect(evidence.coverage).toEqual({ due: 2_500, labelled: 50, asked: 0, reviewed: 0 });
  });

  test('of all labels is proven, at half of its size', () => {
    const evidence = evidenceOfPairs([pairs({ disagreements: 50, onlyActive: 10, onlyShadow: 40 })]);
    expect(evidence.provenBetter).toBeCloseTo((evidence.better + 1) / 2, 6);
  });

  test('of complete reviews is proven, however few predictions are reviewed', () => {
    const evidence = evidenceOfPairs([
      pairs({ disagreements: 5_000 }),
      pairs({ asked: true, disagreements: 50, onlyActive: 10, onlyShadow: 40 }),
    ]);
    expect(evidence.provenBetter).toBeGreaterThan(20);
    const half = evidenceOfPairs([pairs({ asked: true, disagreements: 100, onlyActive: 10, onlyShadow: 40 })]);
    expect(half.provenBetter).toBeLessThan(1);
  });

  test('does not wait for the labels of the last hours', () => {
    const evidence = evidenceOfPairs([
      pairs({ hour: 1, disagreements: 50, onlyActive: 10, onlyShadow: 40 }),
      pairs({ hour: 2, disagreements: 400 }),
    ]);
    expect(evidence.provenBetter).toBeGreaterThan(20);
  });

  test('counts a text that both versions label wrongly as labelled', () => {
    expect(evidenceOfPairs([pairs({ disagreements: 30, neither: 30 })]).coverage).toMatchObject({ labelled: 30 });
  });
});

describe('the evidence about a version with texts of its own', () => {
  test('is proven by complete labels', () => {
    const evidence = evidenceOfArms([arm(1, 2_000, 2_000, 1_800)], [arm(1, 2_000, 2_000, 1_960)]);
    expect(evidence.provenBetter).toBeGreaterThan(20);
    expect(evidence.provenWorse).toBeLessThan(1);
  });

  test('is not proven by few labels, for better or worse', () => {
    const evidence = evidenceOfArms([arm(1, 9_000, 200, 190)], [arm(1, 9_000, 200, 100)]);
    expect(evidence.worse).toBeGreaterThan(1e6);
    expect(evidence.provenWorse).toBeLessThanOrEqual(1);
  });

  test('stays a number for any counts', () => {
    const evidence = evidenceOfArms([arm(1, 1e6, 1e6, 1e6)], [arm(1, 1e6, 1e6, 0)]);
    expect(evidence.better).toBeGreaterThanOrEqual(0);
    expect(evidence.better).toBeLessThan(1);
    expect(evidence.provenWorse).toBeGreaterThan(1e6);
    expect(evidenceOfArms([], []).provenBetter).toBe(1);
  });
});

test('reports show that a canary is worse only by their number for each prediction', () => {
  const active = { predictions: 9_000, objections: 90 };
  expect(evidenceOfReports(active, { predictions: 1_000, objections: 12 })).toBeLessThan(1);
  expect(evidenceOfReports(active, { predictions: 1_000, objections: 60 })).toBeGreaterThan(1e6);
  expect(evidenceOfReports(active, { predictions: 0, objections: 0 })).toBe(1);
});
