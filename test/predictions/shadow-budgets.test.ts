import { describe, expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { createCpuBudget, createPolicyBudgets } from '../../src/predictions/shadow-budgets.ts';

const shadow = { name: 'spam', version: '1', ...(await readArtefact('models/spam/1')) };

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

describe('the budget of a policy', () => {
  const HOUR = 3_600_000;

  test('without limits permits all texts', () => {
    const budgets = createPolicyBudgets(
      () => undefined,
      () => 0.999,
    );
    budgets.spend(shadow, 1_000, 0);
    expect(budgets.check(shadow, 0)).toBe('permitted');
  });

  test('chooses a share of the texts', () => {
    let random = 0;
    const budgets = createPolicyBudgets(
      () => ({ share: 0.25 }),
      () => random,
    );
    expect(budgets.check(shadow, 0)).toBe('permitted');
    random = 0.25;
    expect(budgets.check(shadow, 0)).toBe('not chosen');
  });

  test('ends with the money of an hour, and begins again when it is free', () => {
    const budgets = createPolicyBudgets(() => ({ share: 1, costPerHour: 2 }));
    budgets.spend(shadow, 1.5, HOUR);
    expect(budgets.check(shadow, HOUR)).toBe('permitted');
    budgets.spend(shadow, 0.5, 1.5 * HOUR);
    expect(budgets.check(shadow, 1.5 * HOUR)).toBe('spent');
    expect(budgets.check({ ...shadow, version: '2' }, 1.5 * HOUR)).toBe('permitted');
    expect(budgets.check(shadow, 2 * HOUR)).toBe('permitted');
  });

  test('of nothing permits nothing', () => {
    expect(createPolicyBudgets(() => ({ share: 1, costPerHour: 0 })).check(shadow, 0)).toBe('spent');
    expect(createPolicyBudgets(() => ({ share: 0 })).check(shadow, 0)).toBe('not chosen');
  });
});
