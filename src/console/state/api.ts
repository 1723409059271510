import { isTokenNeeded, token } from './token.ts';

/** A request that failed: the problem of the service, or a connection that could not be made. */
export class ApiError extends Error {
  /** The HTTP status; 0 without an answer. */
  readonly status: number;
  readonly traceId: string | undefined;

  constructor(message: string, status: number, traceId?: string) {
    super(message);
    this.status = status;
    this.traceId = traceId;
  }
}

/** Options of a request. */
interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly method?: string;
  /** Is sent as JSON. */
  readonly body?: unknown;
}

/**
 * Sends a request to the service and returns its JSON. The types of answers are those of the OpenAPI document.
 *
 * @param path relative to the page
 * @throws {ApiError} if the service refuses the request or cannot be reached
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(path, options);
  return (await response.json()) as T;
}

/** Sends a request and returns the response. @throws {ApiError} as `request` does */
async function send(path: string, { signal, method = 'GET', body }: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = {};
  const sent = token.value;
  if (sent !== undefined) headers['authorization'] = `Bearer ${sent}`;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init: RequestInit = { method, headers, signal: signal ?? null, cache: 'no-store' };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError('The service cannot be reached. Is it running?', 0);
  });
  if (response.ok) return response;
  // The refusal of a former token says nothing about the present one.
  if (response.status === 401 && sent === token.value) isTokenNeeded.value = true;
  throw await readProblem(response);
}

async function readProblem(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string; traceId?: string };
  const detail = problem.detail ?? problem.title ?? `The service answered ${response.status}.`;
  return new ApiError(detail, response.status, problem.traceId);
}

/** The listeners of a stream of JSON lines. */
interface LineHandlers<T> {
  /** Is called once, when the service has begun to send. */
  readonly onOpen: () => void;
  readonly onMessage: (message: T) => void;
}

/**
 * Reads a stream of JSON lines until it ends.
 *
 * @throws {ApiError} as `request` does, and if the connection breaks
 */
export async function readLines<T>(
  path: string,
  signal: AbortSignal,
  { onOpen, onMessage }: LineHandlers<T>,
): Promise<void> {
  const response = await send(path, { signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  onOpen();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (signal.aborted) throw error;
      throw new ApiError('The connection to the service broke.', 0);
    });
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onMessage(JSON.parse(line) as T);
  }
}
