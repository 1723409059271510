import type { SpanContext } from '@opentelemetry/api';

/** One measurement of a metric, and the span in which it was made. */
export interface Exemplar {
  readonly value: number;
  /** When it was recorded, in milliseconds since the epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

interface Candidate extends Exemplar {
  readonly window: number;
}

/**
 * Keeps, for each bucket of one series, the slowest measurement of the current window and that of the window before.
 * The default of the specification keeps one at random, which rarely is the one that somebody wants to see.
 *
 * What is collected is the slower of the two, so a scrape at least once a window misses none; where nothing was
 * measured since, it is the last one known. Memory is bounded by the number of buckets.
 */
export class SlowestExemplarReservoir {
  readonly #boundaries: readonly number[];
  readonly #windowMs: number;
  readonly #current: (Candidate | undefined)[];
  readonly #previous: (Candidate | undefined)[];

  /** @param boundaries the upper bounds of the histogram's buckets, ascending, without infinity */
  constructor(boundaries: readonly number[], windowMs: number) {
    this.#boundaries = boundaries;
    this.#windowMs = windowMs;
    this.#current = new Array(boundaries.length + 1);
    this.#previous = new Array(boundaries.length + 1);
  }

  /** Keeps the measurement if it is the slowest of its bucket in this window. */
  offer(value: number, time: number, { traceId, spanId }: SpanContext): void {
    const bucket = bucketOf(value, this.#boundaries);
    const window = Math.floor(time / this.#windowMs);
    const current = this.#current[bucket];
    if (current?.window === window && current.value >= value) return;
    if (current && current.window < window) this.#previous[bucket] = current;
    this.#current[bucket] = { value, time, traceId, spanId, window };
  }

  /** At most one exemplar for each bucket, in the order of the buckets. */
  collect(): Exemplar[] {
    const exemplars: Exemplar[] = [];
    for (const [bucket, current] of this.#current.entries()) {
      if (!current) continue;
      const previous = this.#previous[bucket];
      const stillCounts = previous && previous.window === current.window - 1 && previous.value > current.value;
      exemplars.push(stillCounts ? previous : current);
    }
    return exemplars;
  }
}

/** The index of the first boundary that `value` does not exceed. */
export function bucketOf(value: number, boundaries: readonly number[]): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (boundaries[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
