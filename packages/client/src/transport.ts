import { type BackoffOptions, backoffDelay, readRetryAfter, wait } from './backoff.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import {
  ConnectionError,
  DeadlineError,
  type ProblemDetails,
  ProblemError,
  UnexpectedAnswerError,
  type WaymarkError,
} from './errors.ts';

/** Options of every call of a client. */
export interface TransportOptions {
  /** The URL of the service, without a trailing slash. */
  readonly url: string;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly retries: number;
  readonly backoff: BackoffOptions;
  readonly breaker: CircuitBreaker | undefined;
}

/** Options of each call. */
export interface CallOptions {
  /** Cancels the call. */
  readonly signal?: AbortSignal;
  /** Replaces the client's `timeoutMs`. */
  readonly timeoutMs?: number;
}

/** One call. */
export interface Call {
  readonly path: string;
  /** The default is POST with a body, and GET without one. */
  readonly method?: 'PUT' | 'DELETE' | undefined;
  /** The value to send as JSON. */
  readonly body?: unknown;
  /** Set if the service would do the same again for a repeated call, so that it must not be repeated. */
  readonly once?: boolean | undefined;
  /** The time limit in milliseconds of all attempts and the delays between them. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Statuses of temporary failures of a proxy or the service. A defect (500) would occur again. */
const TRANSIENT_STATUSES = new Set([408, 429, 502, 503, 504]);

/**
 * Makes a call, and retries it after temporary failures, unless it must be made once. A retry of the others is safe: reads and
 * predictions change nothing, the service counts the same feedback once, and setting a role twice is setting it.
 *
 * @returns the parsed JSON of the response
 * @throws {WaymarkError} if the call fails; if the caller's signal aborted, the reason of that signal
 */
export async function send<T>(options: TransportOptions, call: Call): Promise<T> {
  const shownUrl = showUrl(options, call);
  const deadline = performance.now() + call.timeoutMs;
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const deadlineError = (cause: unknown) => {
    call.signal?.throwIfAborted();
    return new DeadlineError(`No response of ${shownUrl} within ${call.timeoutMs} ms.`, { cause, url: shownUrl });
  };

  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptCall(options, call, signal, deadlineError);
    if ('answer' in outcome) return outcome.answer as T;
    const { error } = outcome;
    const isTransient =
      error instanceof ConnectionError || ('status' in error && TRANSIENT_STATUSES.has(Number(error.status)));
    if (!isTransient || call.once || attempt > options.retries) throw error;
    const retryAfterMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
    const delayMs = backoffDelay(attempt, options.backoff, retryAfterMs);
    // If the delay outlasts the call, the present error tells more than a timeout would.
    if (performance.now() + delayMs >= deadline) throw error;
    await wait(delayMs, signal).catch((reason: unknown) => {
      throw deadlineError(reason);
    });
  }
}

/** Returns the URL of a call for an error: without the query, which can hold filters. */
function showUrl({ url }: TransportOptions, { path }: Call): string {
  return `${url}${path.split('?', 1)[0]}`;
}

async function attemptCall(
  options: TransportOptions,
  call: Call,
  signal: AbortSignal,
  deadlineError: (cause: unknown) => WaymarkError,
): Promise<{ answer: unknown } | { error: WaymarkError }> {
  const { url, headers, fetch, breaker } = options;
  const { path, body, method = body === undefined ? 'GET' : 'POST', signal: callerSignal } = call;
  const shownUrl = showUrl(options, call);
  callerSignal?.throwIfAborted();
  const breakerAttempt = breaker?.enter(shownUrl);
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers(),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal,
    });
    text = await response.text();
  } catch (cause) {
    if (callerSignal?.aborted) {
      breakerAttempt?.recordCancellation();
      throw callerSignal.reason;
    }
    breakerAttempt?.recordFailure();
    if (signal.aborted) throw deadlineError(cause);
    return { error: new ConnectionError(`${shownUrl} could not be reached.`, { cause, url: shownUrl }) };
  }
  if (response.status >= 500) breakerAttempt?.recordFailure();
  else breakerAttempt?.recordSuccess();
  return readAnswer(response, text, shownUrl);
}

/** Returns the JSON of a response, or the error that it stands for. */
export function readAnswer(
  response: Response,
  text: string,
  url: string,
): { answer: unknown } | { error: WaymarkError } {
  const { status, ok, headers } = response;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { error: new UnexpectedAnswerError(status, 'is not JSON', url) };
  }
  if (ok && typeof json === 'object' && json !== null) return { answer: json };
  if (!isProblem(json)) return { error: new UnexpectedAnswerError(status, 'has no problem details', url) };
  return { error: new ProblemError({ ...json, status }, readRetryAfter(headers.get('retry-after'), Date.now()), url) };
}

function isProblem(json: unknown): json is ProblemDetails {
  if (typeof json !== 'object' || json === null) return false;
  const { type, title, detail } = json as Partial<Record<string, unknown>>;
  return typeof type === 'string' && typeof title === 'string' && typeof detail === 'string';
}
