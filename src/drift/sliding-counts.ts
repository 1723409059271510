/** Counts of many things over a window that slides with time. */
export interface SlidingCounts {
  /** Adds to one of the counts, at a time in milliseconds. */
  add(at: number, amount: number, now: number): void;
  /** The counts over the window that ends at a time in milliseconds. */
  sums(now: number): Float64Array;
  /** Nobody asks for them here any more. */
  end?(): void;
}

/** Makes such counts; the name says what is counted, to whoever else counts the same. */
export type WindowOf = (name: string, size: number, windowMs: number, slices: number) => SlidingCounts;

/** @param slices into which the window is cut: what is older leaves it a slice at a time */
export function createSlidingCounts(size: number, windowMs: number, slices: number): SlidingCounts {
  const sliceMs = windowMs / slices;
  const counts = new Float64Array(size * slices);
  let latest = 0;

  function advance(now: number): number {
    const slice = Math.floor(now / sliceMs);
    const passed = Math.min(slices, slice - latest);
    for (let step = 1; step <= passed; step += 1) {
      const stale = (latest + step) % slices;
      counts.fill(0, stale * size, (stale + 1) * size);
    }
    if (passed === slices) counts.fill(0);
    latest = Math.max(latest, slice);
    return (latest % slices) * size;
  }

  return {
    add(at, amount, now) {
      counts[advance(now) + at]! += amount;
    },
    sums(now) {
      advance(now);
      const totals = new Float64Array(size);
      for (let at = 0; at < counts.length; at += 1) totals[at % size]! += counts[at]!;
      return totals;
    },
  };
}
