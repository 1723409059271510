import type { FoundSlice } from '../insights/describe-finding.ts';

/** The role by which a version answered. */
export type RowRole = 'active' | 'canary' | 'named';

/** A reason why the memory still has a row. */
export type KeptReason = 'recent' | 'slow' | 'error' | 'anomaly' | 'wrong';

/** The origin of the label of a feedback. */
export type FeedbackSource = 'truth' | 'review' | 'report';

/** The label that a client sent for a prediction. */
export interface RowFeedback {
  readonly label: string;
  readonly source: FeedbackSource;
  readonly correct: boolean;
}

/** The state of the process when the prediction was made. */
export interface RowProcess {
  /** The number of requests in progress, this one included. */
  readonly inFlight: number;
  /** The latest measured delay of the event loop. */
  readonly eventLoopDelaySeconds: number;
  /** The time of garbage collections within the request. */
  readonly gcSeconds: number;
  /** True if another request with a batch was in progress. */
  readonly batch: boolean;
  /** True if a retraining ran on this machine. */
  readonly retraining: boolean;
  /** True if this was one of the first 1,000 texts of the version in this process. */
  readonly coldVersion: boolean;
}

/**
 * A prediction, or a failed request to a prediction route. A field is null if the request failed before its value was known.
 * Durations are in seconds, times in ISO 8601.
 */
export interface PredictionRow {
  /** The signed id of the prediction. */
  readonly id: string | null;
  readonly traceId: string;
  /** The `classify` span; the server span of a failed request. */
  readonly spanId: string;
  /** The start of the request. */
  readonly time: string;
  /** For example `POST /predict`. */
  readonly route: string;
  readonly model: string | null;
  readonly version: string | null;
  readonly role: RowRole | null;
  readonly prediction: string | null;
  readonly confidence: number | null;
  readonly characters: number | null;
  readonly tokens: number | null;
  readonly unknownRatio: number | null;
  /** The script of most letters, for example `latin` or `cyrillic`. */
  readonly script?: string;
  readonly tokenizeSeconds: number | null;
  readonly scoreSeconds: number | null;
  /** From the start of the request until its response is handed over. All texts of a batch have the same. */
  readonly requestSeconds: number;
  /** The HTTP status; 0 if the client disconnected before the response. */
  readonly status: number;
  /** The type of the problem, such as `text-too-long`. */
  readonly errorType?: string;
  readonly anomalies: readonly string[];
  /** The number of the worker, starting at 1. */
  readonly worker: number;
  readonly review: boolean;
  /** True if the confidence was below the minimum of the request or of the policy. */
  readonly abstained: boolean;
  /** True if the request was marked as one of a load test. */
  readonly synthetic: boolean;
  readonly shadow?: { readonly version: string; readonly prediction: string };
  readonly feedback?: RowFeedback;
  readonly process: RowProcess;
  readonly kept: readonly KeptReason[];
  /** Present only with `CAPTURE_TEXT`. */
  readonly text?: string;
}

/** The number of workers that were asked, and of those that answered in time. */
export interface WorkerCounts {
  readonly asked: number;
  readonly answered: number;
}

/** The answer of `GET /predictions`. */
export interface PredictionsAnswer {
  /** Newest first. */
  readonly predictions: readonly PredictionRow[];
  readonly kept: {
    /** The number of rows in the memory. */
    readonly rows: number;
    /** The number of all rows since `since`, including those that the memory has no longer. */
    readonly of: number;
    /** The start of the memory. */
    readonly since: string;
  };
  readonly workers: WorkerCounts;
}

/** The measurements of a process for a period. */
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

/** The measurements of a worker for the last second. */
export interface WorkerMeasurements extends ProcessMeasurements {
  readonly worker: number;
  readonly inFlight: number;
}

/** A line of `GET /predictions/stream`. */
export type StreamMessage =
  | { readonly kind: 'predictions'; readonly predictions: readonly PredictionRow[]; readonly skipped: number }
  | { readonly kind: 'process'; readonly time: string; readonly workers: readonly WorkerMeasurements[] }
  | { readonly kind: 'feedback'; readonly id: string; readonly feedback: RowFeedback | null };

/** A point of `GET /process/history`: rates are added up over the workers, delays are the largest. */
export interface ProcessPoint extends ProcessMeasurements {
  /** The end of the period. */
  readonly time: string;
}

/** Something that changed, which may be the cause of what came after it. */
export interface ProcessEvent {
  readonly time: string;
  readonly kind: 'role' | 'retrain' | 'worker' | 'start';
  readonly model?: string;
  readonly version?: string;
  readonly role?: string;
  /** One sentence. */
  readonly detail: string;
}

/** The answer of `GET /process/history`. */
export interface ProcessHistory {
  readonly stepSeconds: number;
  /** Oldest first. */
  readonly points: readonly ProcessPoint[];
  readonly events: readonly ProcessEvent[];
}

/** Filters by parameter, as in the query of `GET /predictions`. */
export type RowFilters = Readonly<Record<string, string | readonly string[]>>;

/** The body of `POST /compare`. */
export interface CompareRequest {
  readonly selection: RowFilters;
  /** All other predictions if absent. */
  readonly baseline?: RowFilters | undefined;
}

/** One or two conditions that hold more often in the selection. */
export interface Finding extends FoundSlice {
  /** The same as a query for Prometheus, if the labels of a metric can express it. */
  readonly promql?: string;
}

/** A change in the window of the selection. Only a change may be called a likely cause. */
export interface Change {
  readonly time: string;
  readonly kind: ProcessEvent['kind'] | 'traffic';
  readonly detail: string;
}

/** The answer of `POST /compare`. */
export interface Comparison {
  /** The number of predictions in the selection. */
  readonly selection: number;
  readonly baseline: number;
  /** Strongest first. */
  readonly findings: readonly Finding[];
  readonly changes: readonly Change[];
  /** The attributes that only restate the selection. They are not in the findings. */
  readonly restated: readonly string[];
  /** The share of random selections that have a slice as strong as the strongest one here. */
  readonly chance: number;
  /** The duration of the comparison. */
  readonly seconds: number;
}

/** The answer of `GET /console/settings`. */
export interface ConsoleSettings {
  readonly jaegerUiUrl: string | null;
  readonly prometheusUrl: string | null;
  readonly grafanaUrl: string | null;
  readonly captureText: boolean;
  readonly defaultModel: string;
  /** True if requests need a token. */
  readonly tokens: boolean;
  /** True if `GET /traces/{traceId}` can ask Jaeger. */
  readonly jaegerQuery: boolean;
  /** True if `GET /traces/{traceId}?logs=true` has log records. */
  readonly logs: boolean;
  readonly version: string;
  /** The host name of the replica whose predictions the console shows; null without a database that replicas share. */
  readonly replica: string | null;
}
