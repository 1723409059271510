/** What one rate led to. */
export interface Step {
  readonly rate: number;
  /** Whether the service met its objective at that rate. */
  readonly met: boolean;
}

export interface KneeSearch {
  readonly start: number;
  /** How near the bounds come to one another before the search ends, as their ratio. */
  readonly precision: number;
  readonly most: number;
  readonly signal: AbortSignal;
}

const growth = 2;
const least = 1;
const tries = 2;

/**
 * Finds the knee: the highest rate at which the service meets its objective. Doubles the rate until it does not, then bisects
 * by the geometric mean. A rate fails when it failed twice: one pause of a shared machine is not the service's limit.
 *
 * @returns nothing where no rate met the objective
 */
export async function findKnee(
  attempt: (rate: number) => Promise<Step>,
  { start, precision, most, signal }: KneeSearch,
): Promise<number | null> {
  let met = 0;
  let failed = Infinity;
  let rate = start;
  while (!signal.aborted && failed / met > precision) {
    if (await meets(rate)) met = rate;
    else failed = rate;
    if (met === 0) {
      if (rate <= least) return null;
      rate = Math.max(least, rate / growth);
    } else if (failed === Infinity) {
      if (rate >= most) break;
      rate = Math.min(most, rate * growth);
    } else {
      rate = Math.round(Math.sqrt(met * failed));
      if (rate <= met || rate >= failed) break;
    }
  }
  return met === 0 ? null : met;

  async function meets(rate: number): Promise<boolean> {
    for (let left = tries; left > 0 && !signal.aborted; left -= 1) if ((await attempt(rate)).met) return true;
    return false;
  }
}
