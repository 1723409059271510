import { type BackoffOptions, backoff, readRetryAfter, wait } from './backoff.ts';
import type { CircuitBreaker } from './circuit-breaker.ts';
import {
  ConnectionError,
  DeadlineError,
  type ProblemDetails,
  ProblemError,
  UnexpectedAnswerError,
  type WaymarkError,
} from './errors.ts';

export interface TransportOptions {
  /** Where the service is, without a trailing slash. */
  readonly url: string;
  readonly headers: () => Readonly<Record<string, string>>;
  readonly fetch: typeof fetch;
  readonly retries: number;
  readonly backoff: BackoffOptions;
  readonly breaker: CircuitBreaker | undefined;
}

export interface Call {
  readonly path: string;
  /** Sent as JSON in a POST; without it the call is a GET. */
  readonly body?: unknown;
  /** For the call with all its attempts and the waits between them. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A response of a proxy or of the service that says: not now. A defect (500) would be there the second time too. */
const passing = new Set([408, 429, 502, 503, 504]);

/**
 * Makes a call, and makes it again where that is safe and of use. It is safe for every call of this client: reads and
 * predictions change nothing, and the same feedback twice counts once.
 *
 * @throws {WaymarkError}; where the caller's own signal aborted, its reason
 */
export async function send<T>(options: TransportOptions, call: Call): Promise<T> {
  const deadline = performance.now() + call.timeoutMs;
  const timeout = AbortSignal.timeout(call.timeoutMs);
  const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
  const deadlineError = (cause: unknown) => {
    call.signal?.throwIfAborted();
    return new DeadlineError(`No answer within ${call.timeoutMs} ms.`, { cause });
  };

  for (let attempt = 1; ; attempt++) {
    const outcome = await tryOnce(options, call, signal, deadlineError);
    if ('answer' in outcome) return outcome.answer as T;
    const { error } = outcome;
    const again = error instanceof ConnectionError || ('status' in error && passing.has(Number(error.status)));
    if (!again || attempt > options.retries) throw error;
    const retryAfterMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
    const pause = backoff(attempt, options.backoff, retryAfterMs);
    // Where the wait outlasts the call, what is known now is worth more than a timeout later.
    if (performance.now() + pause >= deadline) throw error;
    await wait(pause, signal).catch((reason: unknown) => {
      throw deadlineError(reason);
    });
  }
}

async function tryOnce(
  { url, headers, fetch, breaker }: TransportOptions,
  { path, body, signal: callerSignal }: Call,
  signal: AbortSignal,
  deadlineError: (cause: unknown) => WaymarkError,
): Promise<{ answer: unknown } | { error: WaymarkError }> {
  callerSignal?.throwIfAborted();
  breaker?.enter();
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
      breaker?.abandoned();
      throw callerSignal.reason;
    }
    breaker?.failed();
    if (signal.aborted) throw deadlineError(cause);
    return { error: new ConnectionError('The service could not be reached.', { cause }) };
  }
  if (response.status >= 500) breaker?.failed();
  else breaker?.succeeded();
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
