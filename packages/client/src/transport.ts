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

/** One call. */
export interface Call {
  readonly path: string;
  /** The value to send as JSON in a POST. Without it the call is a GET. */
  readonly body?: unknown;
  /** The time limit in milliseconds of all attempts and the delays between them. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Statuses of temporary failures of a proxy or the service. A defect (500) would occur again. */
const TRANSIENT_STATUSES = new Set([408, 429, 502, 503, 504]);

/**
 * Makes a call, and retries it after temporary failures. A retry is safe for every call of this client: reads and
 * predictions change nothing, and the service counts the same feedback once.
 *
 * @returns the parsed JSON of the response
 * @throws {WaymarkError} if the call fails; if the caller's signal aborted, the reason of that signal
 */
export async function send<T>(options: TransportOptions, call: Call): Promise<T> {
  const deadline = performance.now() + call.timeoutMs;
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const deadlineError = (cause: unknown) => {
    call.signal?.throwIfAborted();
    return new DeadlineError(`No response within ${call.timeoutMs} ms.`, { cause });
  };

  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptCall(options, call, signal, deadlineError);
    if ('answer' in outcome) return outcome.answer as T;
    const { error } = outcome;
    const isTransient =
      error instanceof ConnectionError || ('status' in error && TRANSIENT_STATUSES.has(Number(error.status)));
    if (!isTransient || attempt > options.retries) throw error;
    const retryAfterMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
    const delayMs = backoffDelay(attempt, options.backoff, retryAfterMs);
    // If the delay outlasts the call, the present error tells more than a timeout would.
    if (performance.now() + delayMs >= deadline) throw error;
    await wait(delayMs, signal).catch((reason: unknown) => {
      throw deadlineError(reason);
    });
  }
}

async function attemptCall(
  { url, headers, fetch, breaker }: TransportOptions,
  { path, body, signal: callerSignal }: Call,
  signal: AbortSignal,
  deadlineError: (cause: unknown) => WaymarkError,
): Promise<{ answer: unknown } | { error: WaymarkError }> {
  callerSignal?.throwIfAborted();
  const breakerAttempt = breaker?.enter();
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
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
    return { error: new ConnectionError('The service could not be reached.', { cause }) };
  }
  if (response.status >= 500) breakerAttempt?.recordFailure();
  else breakerAttempt?.recordSuccess();
  return readAnswer(response, text);
}

function readAnswer(response: Response, text: string): { answer: unknown } | { error: WaymarkError } {
  const { status, ok, headers } = response;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { error: new UnexpectedAnswerError(status, 'is not JSON') };
  }
  if (ok && typeof json === 'object' && json !== null) return { answer: json };
  if (!isProblem(json)) return { error: new UnexpectedAnswerError(status, 'has no problem details') };
  return { error: new ProblemError({ ...json, status }, readRetryAfter(headers.get('retry-after'), Date.now())) };
}

function isProblem(json: unknown): json is ProblemDetails {
  if (typeof json !== 'object' || json === null) return false;
  const { type, title, detail } = json as Partial<Record<string, unknown>>;
  return typeof type === 'string' && typeof title === 'string' && typeof detail === 'string';
}
