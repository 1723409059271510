/** Counters over a time window that slides. */
export interface SlidingCounts {
  /** Adds an amount to one counter at a time in milliseconds. */
  add(index: number, amount: number, now: number): void;
  /** Returns all counters over the window that ends at a time in milliseconds. */
  sums(now: number): Float64Array;
  /** Releases the counters. No method may be called afterwards. */
  close?(): void;
}

/** Creates sliding counts. Processes that pool their counts use the same name for the same counters. */
export type SlidingCountsFactory = (name: string, size: number, windowMs: number, slices: number) => SlidingCounts;

/**
 * Creates sliding counts in the memory of this process.
 *
 * @param size the number of counters
 * @param slices the number of slices of the window; old counts leave the window one slice at a time
 */
export function createSlidingCounts(size: number, windowMs: number, slices: number): SlidingCounts {
  const sliceMs = windowMs / slices;
  const counts = new Float64Array(size * slices);
  let lastSlice = 0;

  /** Clears the slices that have left the window, and returns the start of the current slice. */
  function advance(now: number): number {
    const slice = Math.floor(now / sliceMs);
    const passed = Math.min(slices, slice - lastSlice);
    for (let step = 1; step <= passed; step += 1) {
      const stale = (lastSlice + step) % slices;
      counts.fill(0, stale * size, (stale + 1) * size);
    }
    if (passed === slices) counts.fill(0);
    lastSlice = Math.max(lastSlice, slice);
    return (lastSlice % slices) * size;
  }

  return {
    add(index, amount, now) {
      counts[advance(now) + index]! += amount;
    },
    sums(now) {
      advance(now);
      const totals = new Float64Array(size);
      for (let index = 0; index < counts.length; index += 1) totals[index % size]! += counts[index]!;
      return totals;
    },
  };
}
