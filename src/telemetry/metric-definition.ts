import type { MetricOptions } from '@opentelemetry/api';

/** A metric as it is recorded, and as `docs/telemetry.md` tells it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'up-down counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly boundaries?: readonly number[];
  /** Read from a store that all processes share: it is the same total whoever tells it, and never added up. */
  readonly shared?: true;
}

/** What the SDK is told of a metric when its instrument is made. */
export function instrumentOptions({ unit, description, boundaries }: MetricDefinition): MetricOptions {
  return { unit, description, ...(boundaries && { advice: { explicitBucketBoundaries: [...boundaries] } }) };
}

/** 10 µs to 1 s: a prediction takes some ten microseconds, a text of 100,000 characters some milliseconds. */
export const PREDICTION_SECONDS = [
  1e-5, 2e-5, 3e-5, 5e-5, 7.5e-5, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1,
];

/** Closer together towards 1, where most predictions are. */
export const CONFIDENCES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** 0.5 ms to 10 s: the convention's boundaries start at 5 ms, above nearly every request to this service. */
export const REQUEST_SECONDS = [
  5e-4, 1e-3, 2.5e-3, 5e-3, 7.5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** 0.25 ms to 0.5 s: the instrumentation's boundaries start at 5 ms, above nearly every collection. */
export const GC_SECONDS = [2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5];

/** 1 s to 1 h. */
export const TRAINING_SECONDS = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];
