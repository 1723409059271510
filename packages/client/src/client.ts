import type { BatchAnswer, FeedbackAnswer, Model, PredictAnswer, Quality } from './answers.ts';
import { createCircuitBreaker } from './circuit-breaker.ts';
import { send } from './transport.ts';

export interface ClientOptions {
  /** Where the service is: `http://localhost:3000`. */
  readonly url: string;
  /** One of the service's `API_TOKENS`, where it asks for them. */
  readonly token?: string;
  /** For each call with all its attempts, in milliseconds: 10,000 where it is not given. */
  readonly timeoutMs?: number;
  /** How often a call is made again where the service was away or busy: 3 times where it is not given. */
  readonly retries?: number;
  /** The longest first wait before that, and the longest of all: 100 and 2,000 ms where they are not given. */
  readonly backoff?: { readonly baseMs?: number; readonly maxMs?: number };
  /**
   * After `failures` (5) in a row, over at least `forMs` (0), no call is tried for `openMs` (5,000); false tries every
   * call.
   */
  readonly circuitBreaker?: { readonly failures?: number; readonly forMs?: number; readonly openMs?: number } | false;
  /**
   * More headers, made anew for each attempt. Trace context needs none where the caller's OpenTelemetry instruments
   * `fetch`; where it does not, this is the place for `propagation.inject`.
   */
  readonly headers?: () => Readonly<Record<string, string>>;
  /** Takes the place of the global `fetch`. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** Gives the call up. */
  readonly signal?: AbortSignal;
  /** In place of the client's. */
  readonly timeoutMs?: number;
}

/** A text-classification service. Every call is rejected with a `WaymarkError`, or with the reason of its own signal. */
export interface WaymarkClient {
  /** The label of one text. */
  predict(text: string, options?: CallOptions & { model?: string; explain?: boolean }): Promise<PredictAnswer>;
  /** The labels of many texts, in their order. */
  predictBatch(texts: readonly string[], options?: CallOptions & { model?: string }): Promise<BatchAnswer>;
  /** The true label of an earlier prediction; its text only where it may be kept for learning. */
  feedback(
    feedback: { readonly id: string; readonly label: string; readonly text?: string },
    options?: CallOptions,
  ): Promise<FeedbackAnswer>;
  /** Every model and its versions. */
  models(options?: CallOptions): Promise<readonly Model[]>;
  /** How good a model's predictions were, by the feedback of a time window such as `24h`. */
  quality(options?: CallOptions & { model?: string; window?: string }): Promise<Quality>;
}

/**
 * A client of one service. It keeps no connection of its own, so that there is nothing to close.
 *
 * @throws {TypeError} where `url` is none
 */
export function createClient(options: ClientOptions): WaymarkClient {
  const { token, headers, circuitBreaker = {}, timeoutMs: defaultTimeoutMs = 10_000 } = options;
  const transport = {
    url: new URL(options.url).href.replace(/\/+$/, ''),
    headers: () => ({ ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers?.() }),
    // Looked up at each call: what instruments `fetch` may have replaced it since.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    retries: options.retries ?? 3,
    backoff: { baseMs: 100, maxMs: 2_000, ...options.backoff },
    breaker: circuitBreaker
      ? createCircuitBreaker({ failures: 5, forMs: 0, openMs: 5_000, ...circuitBreaker }, () => performance.now())
      : undefined,
  } satisfies Parameters<typeof send>[0];

  const call = <T>(path: string, { signal, timeoutMs = defaultTimeoutMs }: CallOptions, body?: unknown) =>
    send<T>(transport, { path, body, timeoutMs, signal });

  return {
    predict: (text, { model, explain = false, ...rest } = {}) =>
      call(`/predict${explain ? '?explain=true' : ''}`, rest, { text, ...(model !== undefined && { model }) }),
    predictBatch: (texts, { model, ...rest } = {}) =>
      call('/predict/batch', rest, { texts, ...(model !== undefined && { model }) }),
    feedback: ({ id, label, text }, rest = {}) =>
      call('/feedback', rest, { id, label, ...(text !== undefined && { text }) }),
    models: async (rest = {}) => (await call<{ models: readonly Model[] }>('/models', rest)).models,
    quality: ({ model, window, ...rest } = {}) => {
      const query = new URLSearchParams({ ...(model && { model }), ...(window && { window }) }).toString();
      return call(`/quality${query && `?${query}`}`, rest);
    },
  };
}
