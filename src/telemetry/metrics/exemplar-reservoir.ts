import type { SpanContext } from '@opentelemetry/api';

/** One measurement of a metric, and the span of the measurement. */
export interface Exemplar {
  readonly value: number;
  /** The time of the measurement, in milliseconds since the epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

interface Candidate extends Exemplar {
  readonly window: number;
}

/**
 * Keeps the slowest measurement of each bucket of one series, in the current window and in the previous one. The default of
 * the specification keeps a random measurement, and people rarely want to see that one.
 *
 * A collection returns the slower of the two, so one scrape per window misses none. Without new measurements it returns the
 * last known one. Memory is bounded by the number of buckets.
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

  /** Keeps a measurement if it is the slowest of its bucket in this window. */
  offer(value: number, time: number, { traceId, spanId }: SpanContext): void {
    const bucket = bucketOf(value, this.#boundaries);
    const window = Math.floor(time / this.#windowMs);
    const current = this.#current[bucket];
    if (current?.window === window && current.value >= value) return;
    if (current && current.window < window) this.#previous[bucket] = current;
    this.#current[bucket] = { value, time, traceId, spanId, window };
  }

  /** Returns at most one exemplar per bucket, in the order of the buckets. */
  collect(): Exemplar[] {
    const exemplars: Exemplar[] = [];
    for (const [bucket, current] of this.#current.entries()) {
      if (!current) continue;
      const previous = this.#previous[bucket];
      const isPreviousSlower = previous && previous.window === current.window - 1 && previous.value > current.value;
      exemplars.push(isPreviousSlower ? previous : current);
    }
    return exemplars;
  }
}

/** Returns the index of the bucket of a value: that of the first boundary that the value does not exceed. */
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
