import { createHistogram } from 'node:perf_hooks';

/** A summary of latencies, in milliseconds. */
export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** A collection of latencies. */
export interface Latencies {
  add(milliseconds: number): void;
  /** Returns the summary, or `null` if no latency was added. */
  percentiles(): Percentiles | null;
  reset(): void;
}

const MICROSECONDS_PER_MILLISECOND = 1_000;
const MAX_MICROSECONDS = 3_600_000_000;

/** Creates a collection in Node's HDR histogram: from 1 µs to one hour, exact to three figures, in constant memory. */
export function createLatencies(): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: MAX_MICROSECONDS, figures: 3 });
  const at = (percent: number) => histogram.percentile(percent) / MICROSECONDS_PER_MILLISECOND;
  return {
    add(milliseconds) {
      const microseconds = Math.round(milliseconds * MICROSECONDS_PER_MILLISECOND);
      histogram.record(Math.min(MAX_MICROSECONDS, Math.max(1, microseconds)));
    },
    percentiles() {
      if (histogram.count === 0) return null;
      return {
        count: histogram.count,
        mean: histogram.mean / MICROSECONDS_PER_MILLISECOND,
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        p999: at(99.9),
        max: histogram.max / MICROSECONDS_PER_MILLISECOND,
      };
    },
    reset: () => histogram.reset(),
  };
}
