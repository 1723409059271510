import { expect, test } from 'vitest';
import { createCpuBudget } from '../../src/predictions/cpu-budget.ts';

test('a spent share of a second is free again a second later', () => {
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

test('time that was spent long ago does not count', () => {
  const budget = createCpuBudget(0.2);
  for (let index = 0; index < 20; index += 1) budget.spend(10, 50 * index);
  expect(budget.isSpent(999)).toBe(true);
  expect(budget.isSpent(3_600_000)).toBe(false);
});

test('no second has more spent time than the share and one piece of work', () => {
  const budget = createCpuBudget(0.2);
  const work: { startedAt: number; duration: number }[] = [];
  for (let now = 0; now < 10_000; now += 1) {
    if (budget.isSpent(now)) continue;
    work.push({ startedAt: now, duration: 3 });
    budget.spend(3, now);
  }
  for (let begin = 0; begin < 9_000; begin += 50) {
    const spent = work
      .filter(({ startedAt }) => startedAt >= begin && startedAt < begin + 1_000)
      .reduce((sum, { duration }) => sum + duration, 0);
    expect(spent).toBeLessThanOrEqual(203);
  }
  expect(work.length * 3).toBeGreaterThan(1_900);
});
