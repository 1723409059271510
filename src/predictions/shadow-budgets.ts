import type { Model, ShadowBudget } from '../models/store.ts';

/** The sum of what was spent in the last time. All times are in milliseconds of one monotonic clock. */
interface SlidingSum {
  total(now: number): number;
  add(amount: number, now: number): void;
}

/** The CPU time that may be spent in the last second. All times are in milliseconds of one monotonic clock. */
export interface CpuBudget {
  /** Returns true if the whole budget is spent. */
  isSpent(now: number): boolean;
  spend(milliseconds: number, now: number): void;
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** The number of slices of the window. What was spent becomes free again one slice at a time. */
const SLICES = 20;

/** Creates a sum over a sliding window. */
function createSlidingSum(windowMs: number): SlidingSum {
  const sliceMs = windowMs / SLICES;
  const spent = new Float64Array(SLICES);
  let total = 0;
  let lastSlice = 0;

  function advance(now: number): void {
    const slice = Math.floor(now / sliceMs);
    if (slice === lastSlice) return;
    for (let index = Math.max(lastSlice + 1, slice - SLICES + 1); index <= slice; index += 1) spent[index % SLICES] = 0;
    lastSlice = slice;
    // The full sum prevents that rounding errors accumulate.
    total = spent.reduce((sum, amount) => sum + amount, 0);
  }

  return {
    total(now) {
      advance(now);
      return total;
    },
    add(amount, now) {
      advance(now);
      spent[lastSlice % SLICES]! += amount;
      total += amount;
    },
  };
}

/**
 * Creates a budget over a sliding window of one second.
 *
 * @param share the share of one core, from 0 to 1
 */
export function createCpuBudget(share: number): CpuBudget {
  const spent = createSlidingSum(SECOND_MS);
  return {
    isSpent: (now) => spent.total(now) >= share * SECOND_MS,
    spend: spent.add,
  };
}

/** The budgets that policies give to shadows: the share of the texts, and the cost of an hour. */
export interface PolicyBudgets {
  /** Returns whether a shadow gets a text, or the reason why not: it is not in the share, or the money is spent. */
  check(shadow: Model, now: number): 'permitted' | 'not chosen' | 'spent';
  /** Records the cost of a text. */
  spend(shadow: Model, cost: number, now: number): void;
}

/**
 * Creates the budgets of policies.
 *
 * @param budgetOf returns the budget for the shadow of a model
 * @param random returns a number from 0 to below 1
 */
export function createPolicyBudgets(
  budgetOf: (name: string) => ShadowBudget | undefined,
  random: () => number = Math.random,
): PolicyBudgets {
  /** The cost of the last hour. It belongs to the version, so that a new role does not give it new money. */
  const costs = new Map<string, SlidingSum>();
  const keyOf = ({ name, version }: Model) => `${name}@${version}`;
  return {
    check(shadow, now) {
      const { share = 1, costPerHour } = budgetOf(shadow.name) ?? {};
      const spent = costPerHour === undefined ? undefined : costs.get(keyOf(shadow));
      if (costPerHour === 0 || (spent && spent.total(now) >= costPerHour!)) return 'spent';
      return share < 1 && random() >= share ? 'not chosen' : 'permitted';
    },
    spend(shadow, cost, now) {
      const key = keyOf(shadow);
      const sum = costs.get(key) ?? createSlidingSum(HOUR_MS);
      costs.set(key, sum);
      sum.add(cost, now);
    },
  };
}
