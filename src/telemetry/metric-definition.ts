import type { MetricOptions } from '@opentelemetry/api';

/** The definition of a metric: for its instrument, and for `docs/telemetry.md`. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'up-down counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly string[];
  /** The upper bounds of the buckets of a histogram, ascending. */
  readonly boundaries?: readonly number[];
  /** The total comes from a store that all processes share. All of them report the same total, so it is never added up. */
  readonly shared?: true;
}

/** Returns the options with which the SDK creates the instrument of a metric. */
export function instrumentOptions({ unit, description, boundaries }: MetricDefinition): MetricOptions {
  return { unit, description, ...(boundaries && { advice: { explicitBucketBoundaries: [...boundaries] } }) };
}

/** 10 µs to 1 s: most predictions take some tens of microseconds, and a text of 100,000 characters some milliseconds. */
export const PREDICTION_SECONDS = [
  1e-5, 2e-5, 3e-5, 5e-5, 7.5e-5, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1,
];

/** The boundaries are closer together near 1, where most predictions are. */
export const CONFIDENCES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** 0.5 ms to 10 s. The boundaries of the convention start at 5 ms, and nearly every request to this service is faster. */
export const REQUEST_SECONDS = [
  5e-4, 1e-3, 2.5e-3, 5e-3, 7.5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** 0.25 ms to 0.5 s. The boundaries of the instrumentation start at 5 ms, and nearly every collection is faster. */
export const GC_SECONDS = [2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5];

/** 1 s to 1 h. */
export const TRAINING_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];
