import { Problem } from '../../platform/problems.ts';

/** The reason why a request to an endpoint has failed. It is the value of a label. */
export type FailureKind = 'unreachable' | 'failed' | 'busy' | 'refused' | 'malformed';

/** The result of a request to an endpoint without an answer. The message has nothing that the endpoint wrote. */
export class AttemptError extends Error {
  override name = 'AttemptError';
  readonly kind: FailureKind;
  /** The status of the answer, if there was one. */
  readonly status: number | undefined;
  /** The seconds after which the endpoint wants the next request. */
  readonly retryAfter: number | undefined;

  constructor(kind: FailureKind, { status, retryAfter }: { status?: number; retryAfter?: number | undefined } = {}) {
    super(
      `The request to the endpoint of the model has failed: ${kind}${status === undefined ? '' : `, status ${status}`}.`,
    );
    this.kind = kind;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Returns whether another attempt can succeed. */
export function isWorthRepeating({ kind }: AttemptError): boolean {
  return kind === 'unreachable' || kind === 'failed' || kind === 'busy';
}

/** Returns whether a failure shows that the endpoint does not work. A refusal shows that it does. */
export function isFaultOfEndpoint({ kind }: AttemptError): boolean {
  return kind === 'unreachable' || kind === 'failed' || kind === 'malformed';
}

/** The longest time in seconds that a client is told to wait. */
const MAX_RETRY_AFTER = 300;

/** Returns the problem for the client after the last attempt. */
export function problemOf({ kind, retryAfter = 1 }: AttemptError): Problem {
  switch (kind) {
    case 'unreachable':
      return endpointUnavailable('It cannot be reached.', retryAfter);
    case 'busy':
      return endpointUnavailable('It has too much to do.', retryAfter);
    case 'failed':
      return endpointFailed('It has failed.');
    case 'refused':
      return endpointFailed('It refuses the request.');
    case 'malformed':
      return endpointFailed('Its answer cannot be used.');
  }
}

/** Returns the problem of an endpoint that gets no requests for some seconds. */
export function endpointUnavailable(reason: string, seconds: number): Problem {
  const wait = Math.min(MAX_RETRY_AFTER, Math.max(1, Math.ceil(seconds)));
  return new Problem('endpoint-unavailable', `The endpoint of the model is not available. ${reason} Retry later.`, {
    'retry-after': String(wait),
  });
}

/** Returns the problem of an answer that did not come in time. */
export function endpointTimeout(timeoutMs: number): Problem {
  const detail = `The endpoint of the model did not answer within ${timeoutMs} ms. Retry later.`;
  return new Problem('endpoint-timeout', detail, { 'retry-after': '1' });
}

function endpointFailed(reason: string): Problem {
  const detail = `The endpoint of the model gave no answer that can be used. ${reason}`;
  return new Problem('endpoint-failed', detail, { 'retry-after': '1' });
}
