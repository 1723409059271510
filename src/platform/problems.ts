import { describeStorageError, type StorageFolders } from './storage-errors.ts';

/** The status and the title of each problem type. */
export const problemKinds = {
  'malformed-request': [400, 'The request is not valid HTTP'],
  'malformed-json': [400, 'The body is not valid JSON'],
  'request-aborted': [400, 'The request ended before its body was complete'],
  'request-timeout': [408, 'The request did not arrive in time'],
  'headers-too-large': [431, 'The header of the request is too large'],
  unauthorized: [401, 'A bearer token is needed'],
  'host-not-allowed': [403, 'The host of the request is not allowed'],
  'other-site': [403, 'The request comes from a page of another site'],
  forbidden: [403, 'The token does not permit this'],
  'route-not-found': [404, 'There is no such route'],
  'model-not-found': [404, 'There is no such model'],
  'version-not-found': [404, 'The model has no such version'],
  'method-not-allowed': [405, 'The route does not answer this method'],
  'job-not-found': [404, 'The model has no such retraining'],
  'model-needed': [409, 'The model is needed'],
  'version-active': [409, 'The version is the active one'],
  'nothing-to-roll-back': [409, 'No version was active before'],
  'models-read-only': [409, 'The models folder cannot be written'],
  'trace-not-found': [404, 'The trace is not known'],
  'feedback-not-found': [404, 'The prediction has no feedback'],
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
  'text-mismatch': [422, 'The text is not the one of the prediction'],
  'unknown-label': [422, 'The model does not have this label'],
  'too-many-requests': [429, 'The quota of the token is used up'],
  'internal-error': [500, 'The service failed to answer'],
  'endpoint-failed': [502, 'The endpoint of the model gave no answer that can be used'],
  'endpoint-unavailable': [503, 'The endpoint of the model is not available'],
  'endpoint-timeout': [504, 'The endpoint of the model did not answer in time'],
  'feedback-unavailable': [503, 'The store of feedback cannot be used'],
  'storage-unavailable': [503, 'A folder of the service cannot be used'],
  'not-ready': [503, 'The service is not ready'],
  overloaded: [503, 'The service is busy'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

/** The problem types. They are a fixed set, so that they can be labels of metrics. */
export type ProblemType = keyof typeof problemKinds;

/** An error for the client. The message names the fault and the allowed values. */
export class Problem extends Error {
  override name = 'Problem';
  readonly type: ProblemType;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(type: ProblemType, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.type = type;
    this.status = problemKinds[type][0];
    this.headers = headers;
  }
}

/** An error of the feedback store, in `DATA_DIR` or in a database. The message is for the log, not for the client. */
export class FeedbackStoreError extends Error {
  override name = 'FeedbackStoreError';
}

/** Problem details of RFC 9457, with the id of the trace of the request. */
export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  detail: string;
  traceId?: string;
}

/**
 * Converts an error to a problem. The client gets no details of errors that are not meant for it.
 *
 * @param folders the folders that the service writes, if its requests write files
 */
export function toProblem(error: unknown, folders?: StorageFolders): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof FeedbackStoreError) {
    return new Problem(
      'feedback-unavailable',
      'The feedback store cannot be read or written. The log has the reason under this trace id.',
      { 'retry-after': '5' },
    );
  }
  const storage = folders && describeStorageError(error, folders);
  if (storage !== undefined) return new Problem('storage-unavailable', storage, { 'retry-after': '10' });
  return new Problem('internal-error', 'The service failed to answer. The log has the reason under this trace id.');
}

/** Returns the body of the response to a problem. */
export function problemDetails(problem: Problem, traceId?: string): ProblemDetails {
  const [status, title] = problemKinds[problem.type];
  return {
    type: `urn:waymark:problem:${problem.type}`,
    title,
    status,
    detail: problem.message,
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** Returns the error response of the Open Inference Protocol: one sentence, and the status 400 instead of 422. */
export function inferenceError(problem: Problem): { status: number; body: { error: string } } {
  return { status: problem.status === 422 ? 400 : problem.status, body: { error: problem.message } };
}
