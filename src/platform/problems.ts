const problems = {
  'malformed-request': [400, 'The request is not valid HTTP'],
  'malformed-json': [400, 'The body is not valid JSON'],
  'request-aborted': [400, 'The request ended before its body was complete'],
  unauthorized: [401, 'A bearer token is needed'],
  'route-not-found': [404, 'There is no such route'],
  'model-not-found': [404, 'There is no such model'],
  'version-not-found': [404, 'The model has no such version'],
  'method-not-allowed': [405, 'The route does not answer this method'],
  'job-not-found': [404, 'The model has no such retraining'],
  'model-needed': [409, 'The model is needed'],
  'version-active': [409, 'The version is the active one'],
  'nothing-to-roll-back': [409, 'No version was active before'],
  'models-read-only': [409, 'The models folder cannot be written'],
  'feedback-conflict': [409, 'The prediction has other feedback already'],
  'retrain-not-configured': [409, 'The original training data are not known'],
  'retrain-running': [409, 'A retraining of the model is running'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body is not of a supported type'],
  'invalid-request': [422, 'The request does not have the expected form'],
  'text-too-long': [422, 'The text is too long'],
  'batch-too-large': [422, 'The batch is too large'],
  'model-damaged': [422, 'The model cannot be used'],
  'unknown-prediction': [422, 'The id is not one of a prediction'],
  'unknown-label': [422, 'The model does not have this label'],
  'internal-error': [500, 'The service failed to answer'],
  'feedback-unavailable': [503, 'The store of feedback cannot be used'],
  'not-ready': [503, 'The service is not ready'],
  overloaded: [503, 'The service is busy'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

/** The kinds of problem a client can meet; bounded, so that it can be a metric label. */
export type ProblemType = keyof typeof problems;

/** Every kind of problem with its status and title, for the documentation. */
export const problemKinds: Readonly<Record<ProblemType, readonly [status: number, title: string]>> = problems;

/** An error that is meant for the client: `message` says what was wrong and what is allowed. */
export class Problem extends Error {
  override name = 'Problem';
  readonly type: ProblemType;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: ProblemType, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.type = type;
    this.status = problems[type][0];
    this.headers = headers;
  }
}

/** The store of feedback in `DATA_DIR` cannot be read or written. The message is for the log, not for the client. */
export class FeedbackStoreError extends Error {
  override name = 'FeedbackStoreError';
}

/** Problem details as RFC 9457 defines them, with the id of the trace in which the problem arose. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  traceId?: string;
}

/** The problem to tell the client of: of what was not meant for it, it learns no details. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof FeedbackStoreError) {
    return new Problem(
      'feedback-unavailable',
      'The store of feedback in DATA_DIR cannot be read or written; the logs hold the reason under this trace id.',
    );
  }
  return new Problem('internal-error', 'The service failed to answer; its logs hold the reason under this trace id.');
}

/** The body of the response to a problem. */
export function problemDetails(problem: Problem, traceId?: string): ProblemDetails {
  const [status, title] = problems[problem.type];
  return {
    type: `urn:waymark:problem:${problem.type}`,
    title,
    status,
    detail: problem.message,
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** An error as the Open Inference Protocol has it: one sentence, and 400 for every request of a wrong form. */
export function inferenceError(problem: Problem): { status: number; body: { error: string } } {
  return { status: problem.status === 422 ? 400 : problem.status, body: { error: problem.message } };
}
