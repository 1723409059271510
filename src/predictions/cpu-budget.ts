/** Time on a core that may be spent, over the second that ends now. */
export interface CpuBudget {
  /** Whether all of it is spent. Times are in milliseconds of one clock that never goes back. */
  isSpent(now: number): boolean;
  spend(milliseconds: number, now: number): void;
}

const WINDOW_MS = 1_000;
/** Into so many slices the window is cut: what was spent is free again a slice at a time. */
const SLICES = 20;
const SLICE_MS = WINDOW_MS / SLICES;

/** @param share of one core, from 0 to 1 */
export function createCpuBudget(share: number): CpuBudget {
  const spent = new Float64Array(SLICES);
  let total = 0;
  let latest = 0;

  function advance(now: number): void {
    const slice = Math.floor(now / SLICE_MS);
    if (slice === latest) return;
    for (let at = Math.max(latest + 1, slice - SLICES + 1); at <= slice; at += 1) spent[at % SLICES] = 0;
    latest = slice;
    // Added up anew, so that rounding does not pile up.
    total = spent.reduce((sum, one) => sum + one, 0);
  }

  return {
    isSpent(now) {
      advance(now);
      return total >= share * WINDOW_MS;
    },
    spend(milliseconds, now) {
      advance(now);
      spent[latest % SLICES]! += milliseconds;
      total += milliseconds;
    },
  };
}
