import type { LabelSource } from './answers.ts';

/** Filters of predictions by field. A value may be a list (any of them), negated by `!`, or a range of numbers `min..max`. */
export type PredictionFilters = Readonly<Record<string, string | readonly string[]>>;

/** A prediction, or a failed request, that the service remembers. A field is null if the request failed before it was known. */
export interface RememberedPrediction {
  readonly id: string | null;
  readonly traceId: string;
  readonly spanId: string;
  /** The start of the request, in ISO 8601. */
  readonly time: string;
  readonly route: string;
  readonly model: string | null;
  readonly version: string | null;
  readonly role: 'active' | 'canary' | 'named' | null;
  readonly prediction: string | null;
  readonly confidence: number | null;
  readonly characters: number | null;
  readonly tokens: number | null;
  readonly unknownRatio: number | null;
  readonly tokenizeSeconds: number | null;
  readonly scoreSeconds: number | null;
  readonly requestSeconds: number;
  /** The HTTP status; 0 if the client disconnected before the response. */
  readonly status: number;
  readonly errorType?: string;
  readonly anomalies: readonly string[];
  readonly worker: number;
  /** True if the confidence was below the minimum of the request or of the policy. Absent in answers of earlier services. */
  readonly abstained?: boolean;
  readonly shadow?: { readonly version: string; readonly prediction: string };
  readonly feedback?: { readonly label: string; readonly source: LabelSource; readonly correct: boolean };
  /** The reasons why the service still has it. */
  readonly kept: readonly ('recent' | 'slow' | 'error' | 'anomaly' | 'wrong')[];
}

/** The answer of `predictions`. */
export interface PredictionsAnswer {
  /** Latest first. */
  readonly predictions: readonly RememberedPrediction[];
  /** The number of kept predictions, and of all since a time. */
  readonly kept: { readonly rows: number; readonly of: number; readonly since: string };
  readonly workers: { readonly asked: number; readonly answered: number };
}

/** One or two conditions that hold more often in the selection than in the baseline. */
export interface Finding {
  readonly conditions: readonly { readonly attribute: string; readonly value: string }[];
  readonly selectionShare: number;
  readonly baselineShare: number;
  /** Null if no prediction of the baseline fulfils the conditions. */
  readonly ratio: number | null;
  readonly interval: readonly [number, number | null];
  /** The share of random selections that have a slice as strong as this. */
  readonly pValue: number;
  readonly count: number;
  readonly traces: readonly string[];
}

/** The answer of `compare`. */
export interface Comparison {
  readonly selection: number;
  readonly baseline: number;
  /** Strongest first. */
  readonly findings: readonly Finding[];
  /** Changes in the window of the selection. */
  readonly changes: readonly { readonly time: string; readonly kind: string; readonly detail: string }[];
  readonly restated: readonly string[];
  readonly chance: number;
}

/** The rates, latencies, CPU and memory of a process or of the service. */
export interface ProcessMeasurements {
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  /** Null if there was no request. */
  readonly p50Seconds: number | null;
  readonly p95Seconds: number | null;
  readonly p99Seconds: number | null;
  /** The share of one core. It can exceed 1. */
  readonly cpuRatio: number;
  readonly memoryBytes: number;
  readonly eventLoopDelaySeconds: number;
}

/** The answer of `processHistory`: the last hour, oldest first. */
export interface ProcessHistory {
  readonly stepSeconds: number;
  readonly points: readonly (ProcessMeasurements & { readonly time: string })[];
  /** The changes in this time. They may be the cause of later measurements. */
  readonly events: readonly { readonly time: string; readonly kind: string; readonly detail: string }[];
}

/** The answer of `trace`: OTLP as JSON. */
export interface Trace {
  readonly resourceSpans: readonly Readonly<Record<string, unknown>>[];
  /** With `logs`, if the service knows where log records are. */
  readonly logs?: readonly Readonly<Record<string, unknown>>[];
}

/** A message of `followPredictions`. */
export type StreamMessage =
  | { readonly kind: 'predictions'; readonly predictions: readonly RememberedPrediction[]; readonly skipped: number }
  | {
      readonly kind: 'process';
      readonly time: string;
      readonly workers: readonly (ProcessMeasurements & { readonly worker: number; readonly inFlight: number })[];
    }
  | { readonly kind: 'feedback'; readonly id: string; readonly feedback: RememberedPrediction['feedback'] | null };
