/** What every call of this client can be rejected with; `instanceof` one of the classes below says which it was. */
export class WaymarkError extends Error {
  override name = 'WaymarkError';
}

/** Problem details (RFC 9457) as the service sends them. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly traceId?: string;
}

/** The service refused the request, or could not answer it. */
export class ProblemError extends WaymarkError {
  override name = 'ProblemError';
  readonly status: number;
  /** The end of the problem's type: `text-too-long`, `model-not-found`, `overloaded`, … */
  readonly problem: string;
  readonly title: string;
  /** The trace in which it arose. */
  readonly traceId: string | undefined;
  /** When the service wants to be asked again. */
  readonly retryAfterMs: number | undefined;

  constructor(details: ProblemDetails, retryAfterMs?: number) {
    super(details.detail);
    this.status = details.status;
    this.problem = details.type.slice(details.type.lastIndexOf(':') + 1);
    this.title = details.title;
    this.traceId = details.traceId;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What answered is not the service, or not one that this client understands. */
export class UnexpectedAnswerError extends WaymarkError {
  override name = 'UnexpectedAnswerError';
  readonly status: number;

  constructor(status: number, what: string) {
    super(`The answer, with status ${status}, ${what}.`);
    this.status = status;
  }
}

/** No answer came: the service is away, or the connection broke. `cause` has the reason. */
export class ConnectionError extends WaymarkError {
  override name = 'ConnectionError';
}

/** The call's time was over before an answer came. */
export class DeadlineError extends WaymarkError {
  override name = 'DeadlineError';
}

/** The call was not even tried, since those before it failed. */
export class CircuitOpenError extends WaymarkError {
  override name = 'CircuitOpenError';
  /** When a call will be tried again. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(`The service failed too often; it is asked again in ${Math.ceil(retryAfterMs)} ms.`);
    this.retryAfterMs = retryAfterMs;
  }
}
