/** The CPU time that may be spent in the last second. All times are in milliseconds of one monotonic clock. */
export interface CpuBudget {
  /** Returns true if the whole budget is spent. */
  isSpent(now: number): boolean;
  spend(milliseconds: number, now: number): void;
}

const WINDOW_MS = 1_000;
/** The number of slices of the window. Spent time becomes free again one slice at a time. */
const SLICES = 20;
const SLICE_MS = WINDOW_MS / SLICES;

/**
 * Creates a budget over a sliding window of one second.
 *
 * @param share the share of one core, from 0 to 1
 */
export function createCpuBudget(share: number): CpuBudget {
  const spent = new Float64Array(SLICES);
  let total = 0;
  let lastSlice = 0;

  function advance(now: number): void {
    const slice = Math.floor(now / SLICE_MS);
    if (slice === lastSlice) return;
    for (let index = Math.max(lastSlice + 1, slice - SLICES + 1); index <= slice; index += 1) spent[index % SLICES] = 0;
    lastSlice = slice;
    // The full sum prevents that rounding errors accumulate.
    total = spent.reduce((sum, milliseconds) => sum + milliseconds, 0);
  }

  return {
    isSpent(now) {
      advance(now);
      return total >= share * WINDOW_MS;
    },
    spend(milliseconds, now) {
      advance(now);
      spent[lastSlice % SLICES]! += milliseconds;
      total += milliseconds;
    },
  };
}
