import { expect, test } from 'vitest';
import { createCpuBudget } from '../../src/predictions/cpu-budget.ts';

test('a share of a second is spent, and free again a second later', () => {
  const budget = createCpuBudget(0.2);
  expect(budget.isSpent(10_000)).toBe(false);
  budget.spend(150, 10_000);
  budget.spend(49, 10_400);
  expect(budget.isSpent(10_400)).toBe(false);
  budget.spend(1, 10_450);
  expect(budget.isSpent(10_450)).toBe(true);
  expect(budget.isSpent(10_900)).toBe(true);
  expect(budget.isSpent(11_000)).toBe(false);
  budget.spend(150, 11_000);
  expect(budget.isSpent(11_100)).toBe(true);
  expect(budget.isSpent(11_450)).toBe(false);
});

test('nothing of what was spent long ago is left', () => {
  const budget = createCpuBudget(0.2);
  for (let at = 0; at < 20; at += 1) budget.spend(10, 50 * at);
  expect(budget.isSpent(999)).toBe(true);
  expect(budget.isSpent(3_600_000)).toBe(false);
});

test('of any second no more is spent than the share and one piece of work', () => {
  const budget = createCpuBudget(0.2);
  const work: { at: number; took: number }[] = [];
  for (let now = 0; now < 10_000; now += 1) {
    if (budget.isSpent(now)) continue;
    work.push({ at: now, took: 3 });
    budget.spend(3, now);
  }
  for (let begin = 0; begin < 9_000; begin += 50) {
    const spent = work.filter(({ at }) => at >= begin && at < begin + 1_000).reduce((sum, { took }) => sum + took, 0);
    expect(spent).toBeLessThanOrEqual(203);
  }
  expect(work.length * 3).toBeGreaterThan(1_900);
});
