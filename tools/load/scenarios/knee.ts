/** The result of one rate, in requests per second. */
export interface Step {
  readonly rate: number;
  /** True if the service met its objective at this rate. */
  readonly met: boolean;
}

/** Options of `findKnee`. Rates are in requests per second. */
export interface KneeSearch {
  readonly start: number;
  /** The ratio of the upper to the lower bound at which the search ends. */
  readonly precision: number;
  readonly maxRate: number;
  readonly signal: AbortSignal;
}

const GROWTH_FACTOR = 2;
const MIN_RATE = 1;
const ATTEMPTS_PER_RATE = 2;

/**
 * Finds the knee, the highest rate at which the service meets its objective. The search doubles the rate until the
 * service misses the objective, then bisects by the geometric mean. A rate counts as missed after two failed attempts,
 * since one pause of a shared machine is not the limit of the service.
 *
 * @returns the rate, or `null` if no rate met the objective
 */
export async function findKnee(
  attempt: (rate: number) => Promise<Step>,
  { start, precision, maxRate, signal }: KneeSearch,
): Promise<number | null> {
  let met = 0;
  let failed = Infinity;
  let rate = start;
  while (!signal.aborted && failed / met > precision) {
    if (await meets(rate)) met = rate;
    else failed = rate;
    if (met === 0) {
      if (rate <= MIN_RATE) return null;
      rate = Math.max(MIN_RATE, rate / GROWTH_FACTOR);
    } else if (failed === Infinity) {
      if (rate >= maxRate) break;
      rate = Math.min(maxRate, rate * GROWTH_FACTOR);
    } else {
      rate = Math.round(Math.sqrt(met * failed));
      if (rate <= met || rate >= failed) break;
    }
  }
  return met === 0 ? null : met;

  async function meets(rate: number): Promise<boolean> {
    for (let left = ATTEMPTS_PER_RATE; left > 0 && !signal.aborted; left -= 1) {
      if ((await attempt(rate)).met) return true;
    }
    return false;
  }
}
