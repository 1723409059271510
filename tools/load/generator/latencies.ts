import { createHistogram } from 'node:perf_hooks';

/** In milliseconds. */
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

export interface Latencies {
  add(milliseconds: number): void;
  /** Nothing where nothing was added. */
  percentiles(): Percentiles | null;
  reset(): void;
}

const microseconds = 1_000;
const longestUs = 3_600_000_000;

/** Latencies in Node's own HDR histogram: from a microsecond to an hour, right to three figures, in constant memory. */
export function createLatencies(): Latencies {
  const histogram = createHistogram({ lowest: 1, highest: longestUs, figures: 3 });
  const at = (percent: number) => histogram.percentile(percent) / microseconds;
  return {
    add(milliseconds) {
      histogram.record(Math.min(longestUs, Math.max(1, Math.round(milliseconds * microseconds))));
    },
    percentiles() {
      if (histogram.count === 0) return null;
      return {
        count: histogram.count,
        mean: histogram.mean / microseconds,
        p50: at(50),
        p90: at(90),
        p95: at(95),
        p99: at(99),
        p999: at(99.9),
        max: histogram.max / microseconds,
      };
    },
    reset: () => histogram.reset(),
  };
}
