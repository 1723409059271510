/** A step of the wall clock above this is a jump. */
const MAX_STEP_MS = 60_000;
/** The time for which a jump ahead must last before it is believed. */
const CONFIRMATION_MS = 3_600_000;

/**
 * Creates a clock for deletions by age. It follows the wall clock, but believes a jump ahead only after it has lasted for an
 * hour: a clock that is a year ahead for a minute would delete what is to be kept.
 *
 * @param wall returns the time in milliseconds since the epoch
 * @param monotonic returns the time in milliseconds of a clock that is never set
 */
export function createCautiousClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): () => number {
  let offset = wall() - monotonic();
  let aheadSince: number | undefined;

  return () => {
    const now = monotonic();
    const current = wall() - now;
    if (current > offset + MAX_STEP_MS) aheadSince ??= now;
    else aheadSince = undefined;
    if (aheadSince === undefined || now - aheadSince >= CONFIRMATION_MS) {
      offset = current;
      aheadSince = undefined;
    }
    return now + offset;
  };
}
