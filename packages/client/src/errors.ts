/** The base class of the errors of this client. Test with `instanceof` for one of the classes below. */
export class WaymarkError extends Error {
  override name = 'WaymarkError';
  /** The URL of the call, without its query. */
  readonly url: string | undefined;

  constructor(message?: string, { url, ...options }: ErrorOptions & { readonly url?: string | undefined } = {}) {
    super(message, options);
    this.url = url;
  }
}

/** Problem details (RFC 9457) in the form that the service sends. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly traceId?: string;
}

/** The service rejected the request, or failed to answer it. */
export class ProblemError extends WaymarkError {
  override name = 'ProblemError';
  readonly status: number;
  /** The end of the problem's type: `text-too-long`, `model-not-found`, `overloaded`, … */
  readonly problem: string;
  readonly title: string;
  /** The id of the trace in which the problem occurred. */
  readonly traceId: string | undefined;
  /** The time in milliseconds after which the service accepts a retry. */
  readonly retryAfterMs: number | undefined;

  constructor(details: ProblemDetails, retryAfterMs?: number, url?: string) {
    super(details.detail, { url });
    this.status = details.status;
    this.problem = details.type.slice(details.type.lastIndexOf(':') + 1);
    this.title = details.title;
    this.traceId = details.traceId;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The response is not one of the service, or has a form that this client does not know. */
export class UnexpectedAnswerError extends WaymarkError {
  override name = 'UnexpectedAnswerError';
  readonly status: number;

  constructor(status: number, defect: string, url?: string) {
    super(`The response${url === undefined ? '' : ` of ${url}`} with status ${status} ${defect}.`, { url });
    this.status = status;
  }
}

/** The service is unreachable, or the connection broke. `cause` has the reason. */
export class ConnectionError extends WaymarkError {
  override name = 'ConnectionError';
}

/** The time limit of the call passed before the response arrived. */
export class DeadlineError extends WaymarkError {
  override name = 'DeadlineError';
}

/** The call was not tried, because earlier calls failed and the circuit is open. */
export class CircuitOpenError extends WaymarkError {
  override name = 'CircuitOpenError';
  /** The time in milliseconds until a call is tried again. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number, url?: string) {
    const subject = url === undefined ? 'The service' : `The service of ${url}`;
    super(`${subject} failed too often; the next call is possible in ${Math.ceil(retryAfterMs)} ms.`, { url });
    this.retryAfterMs = retryAfterMs;
  }
}
