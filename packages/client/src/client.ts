import type { BatchAnswer, FeedbackAnswer, LabelSource, Model, PredictAnswer, Quality } from './answers.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { createManagement, type MakeCall, type Management, queryOf } from './management.ts';
import type {
  Comparison,
  PredictionFilters,
  PredictionsAnswer,
  ProcessHistory,
  StreamMessage,
  Trace,
} from './memory.ts';
import { readStream } from './stream.ts';
import { type CallOptions, send } from './transport.ts';

/** Options of `createClient`. */
export interface ClientOptions {
  /** The URL of the service, such as `http://localhost:3000`. */
  readonly url: string;
  /** One of the service's `API_TOKENS`, if the service requires them. */
  readonly token?: string;
  /** The time limit in milliseconds of a call with all its attempts; default 10,000. */
  readonly timeoutMs?: number;
  /** The maximum number of retries if the service is unreachable or busy; default 3. */
  readonly retries?: number;
  /** The maximum of the first delay before a retry, and of every delay; defaults 100 and 2,000 ms. */
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
  /**
   * Thresholds of the circuit breaker; `false` turns it off. After `failures` (default 5) in a row over at least
   * `forMs` (default 0), calls fail at once for `openMs` (default 5,000).
   */
  readonly circuitBreaker?: { readonly failures?: number; readonly forMs?: number; readonly openMs?: number } | false;
  /**
   * Returns more headers. It is called for each attempt. Trace context needs no headers if the caller's OpenTelemetry
   * instruments `fetch`; otherwise call `propagation.inject` here.
   */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Replaces the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/** Options of `predict` and `predictBatch`. */
export type PredictOptions = CallOptions & { readonly model?: string; readonly minConfidence?: number };

/**
 * A client of one service. A failed call is rejected with a `WaymarkError`, a cancelled call with its signal's reason.
 */
export interface WaymarkClient extends Management {
  /**
   * Returns the label of one text. With `explain`, the strongest 20 features, or a number of them. With `minConfidence` (0 to
   * 1), an answer with a lower confidence has `abstained`; the default is the minimum of the model's policy.
   */
  predict(text: string, options?: PredictOptions & { explain?: boolean | number }): Promise<PredictAnswer>;
  /** Returns the labels of many texts, in their order. */
  predictBatch(texts: readonly string[], options?: PredictOptions): Promise<BatchAnswer>;
  /**
   * Reports the true label of an earlier prediction. Send `text` only if the service may keep it for training.
   * Labels that somebody sends of their own accord have the source `report`; the default is `truth`.
   */
  feedback(
    feedback: { readonly id: string; readonly label: string; readonly text?: string; readonly source?: LabelSource },
    options?: CallOptions,
  ): Promise<FeedbackAnswer>;
  /** Returns every model with its versions. */
  models(options?: CallOptions): Promise<readonly Model[]>;
  /** Returns scores of a model, computed from the feedback of a time window such as `24h`. */
  quality(options?: CallOptions & { model?: string; window?: string }): Promise<Quality>;
  /** Returns the latest predictions that the service remembers, at most `limit` (200). */
  predictions(options?: CallOptions & { filters?: PredictionFilters; limit?: number }): Promise<PredictionsAnswer>;
  /**
   * Yields predictions, feedback and measurements as they come. End the loop with `break`, or with the signal. It has no time
   * limit, and is not started again when the connection breaks.
   */
  followPredictions(options?: {
    readonly filters?: PredictionFilters;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<StreamMessage, void>;
  /** Returns a trace that the service remembers, or that Jaeger has. With `logs` also its log records. */
  trace(traceId: string, options?: CallOptions & { logs?: boolean }): Promise<Trace>;
  /** Returns measurements of the last hour, and what changed in it. */
  processHistory(options?: CallOptions): Promise<ProcessHistory>;
  /** Says what is different about some predictions. Without a baseline they are compared with the others. */
  compare(
    sides: { readonly selection: PredictionFilters; readonly baseline?: PredictionFilters },
    options?: CallOptions,
  ): Promise<Comparison>;
}

/**
 * Creates a client of one service. The client holds no connection of its own, so there is nothing to close.
 *
 * @throws {TypeError} if `url` is not a URL
 */
export function createClient(options: ClientOptions): WaymarkClient {
  const { token, headers, circuitBreaker = {}, timeoutMs: defaultTimeoutMs = 10_000 } = options;
  const transport = {
    url: new URL(options.url).href.replace(/\/+$/, ''),
    headers: () => ({ ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers?.() }),
    // The global is read at each call: an instrumentation may have replaced it since.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    retries: options.retries ?? 3,
    backoff: { baseMs: 100, maxMs: 2_000, ...options.backoff },
    breaker: circuitBreaker
      ? createCircuitBreaker({ failures: 5, forMs: 0, openMs: 5_000, ...circuitBreaker }, () => performance.now())
      : undefined,
  } satisfies Parameters<typeof send>[0];

  const call: MakeCall = (path, { signal, timeoutMs = defaultTimeoutMs }, body, way) =>
    send(transport, { path, body, timeoutMs, signal, ...way });

  return {
    ...createManagement(call),
    // JSON leaves out what is undefined.
    predict: (text, { model, minConfidence, explain = false, ...rest } = {}) =>
      call(`/predict${explain ? `?explain=${explain}` : ''}`, rest, { text, model, minConfidence }),
    predictBatch: (texts, { model, minConfidence, ...rest } = {}) =>
      call('/predict/batch', rest, { texts, model, minConfidence }),
    feedback: ({ id, label, text, source }, rest = {}) => {
      const optional = { ...(text !== undefined && { text }), ...(source !== undefined && { source }) };
      return call('/feedback', rest, { id, label, ...optional });
    },
    models: async (rest = {}) => (await call<{ models: readonly Model[] }>('/models', rest)).models,
    quality: ({ model, window, ...rest } = {}) => call(`/quality${queryOf({ model, window })}`, rest),
    predictions: ({ filters = {}, limit, ...rest } = {}) =>
      call(`/predictions${filterQuery(filters, limit === undefined ? {} : { limit: String(limit) })}`, rest),
    followPredictions: ({ filters = {}, signal } = {}) =>
      readStream(transport, `/predictions/stream${filterQuery(filters)}`, signal),
    trace: (traceId, { logs = false, ...rest } = {}) =>
      call(`/traces/${encodeURIComponent(traceId)}${logs ? '?logs=true' : ''}`, rest),
    processHistory: (rest = {}) => call('/process/history', rest),
    compare: (sides, rest = {}) => call('/compare', rest, sides),
  };
}

/** Returns filters as a query. A list is a parameter that occurs several times. */
function filterQuery(filters: PredictionFilters, others: Readonly<Record<string, string>> = {}): string {
  const values = Object.entries({ ...filters, ...others }).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one): [string, string] => [name, one]),
  );
  return values.length === 0 ? '' : `?${new URLSearchParams(values).toString()}`;
}
