import {
  type Attributes,
  context,
  defaultTextMapSetter,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { suppressTracing, W3CTraceContextPropagator } from '@opentelemetry/core';
import { readRetryAfter } from '../../../packages/client/src/backoff.ts';
import { SCOPE } from '../../telemetry/names.ts';
import { ENDPOINT_ATTRIBUTE } from '../../telemetry/remote-names.ts';
import { AttemptError } from './failures.ts';

/** The maximum size of an answer. One with the scores of 10,000 labels has a tenth of it. */
const MAX_BYTES = 4 * 1024 * 1024;
/** The longest `Retry-After` that is read. */
const MAX_RETRY_AFTER_SECONDS = 24 * 3_600;

/** A request with JSON to an endpoint. */
export interface HttpRequest<T> {
  readonly url: URL;
  readonly body: string;
  /** The bearer token. */
  readonly key: string | undefined;
  readonly signal: AbortSignal;
  /** The number of earlier requests for the same text. */
  readonly attempt: number;
  readonly spanName: string;
  readonly attributes: Attributes;
  /**
   * Reads the answer.
   *
   * @throws {Error} if it has another form than expected
   */
  readonly read: (json: unknown, span: Span) => T;
}

/** Only the trace is carried on. Baggage of clients is not for other servers. */
const propagator = new W3CTraceContextPropagator();

/**
 * Posts JSON within a CLIENT span, and reads the answer. It follows no redirection: texts are for this endpoint alone.
 *
 * @throws {AttemptError} without an answer that can be used
 * @throws the reason of the signal, once it is aborted
 */
export async function postJson<T>(request: HttpRequest<T>): Promise<T> {
  const { url, attempt, signal } = request;
  const attributes: Attributes = { ...request.attributes, [ENDPOINT_ATTRIBUTE.method]: 'POST' };
  if (attempt > 0) attributes[ENDPOINT_ATTRIBUTE.resendCount] = attempt;
  attributes[ENDPOINT_ATTRIBUTE.serverAddress] = url.hostname;
  attributes[ENDPOINT_ATTRIBUTE.serverPort] = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  attributes[ENDPOINT_ATTRIBUTE.url] = url.href;
  const span = trace.getTracer(SCOPE).startSpan(request.spanName, { kind: SpanKind.CLIENT, attributes });
  try {
    const { status, text } = await exchange(request, span);
    span.setAttribute(ENDPOINT_ATTRIBUTE.status, status);
    return readAnswer(text, request, span);
  } catch (error) {
    const failure = signal.aborted || error instanceof AttemptError ? error : new AttemptError('unreachable');
    if (failure instanceof AttemptError && failure.status !== undefined) {
      span.setAttribute(ENDPOINT_ATTRIBUTE.status, failure.status);
    }
    span.setAttribute(ENDPOINT_ATTRIBUTE.errorType, errorTypeOf(failure)).setStatus({ code: SpanStatusCode.ERROR });
    throw signal.aborted ? signal.reason : failure;
  } finally {
    span.end();
  }
}

async function exchange<T>({ url, body, key, signal }: HttpRequest<T>, span: Span) {
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (key !== undefined) headers['authorization'] = `Bearer ${key}`;
  const scope = context.active();
  propagator.inject(trace.setSpan(scope, span), headers, defaultTextMapSetter);
  // The instrumentation of fetch would create a second span, and send the baggage.
  const response = await context.with(suppressTracing(scope), () =>
    fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' }),
  );
  const { status } = response;
  if (status !== 200) {
    await response.body?.cancel().catch(() => {});
    throw new AttemptError(kindOf(status), { status, retryAfter: retryAfterOf(response.headers.get('retry-after')) });
  }
  return { status, text: await readText(response) };
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = '';
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new AttemptError('malformed', { status: response.status });
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

function readAnswer<T>(text: string, { read }: HttpRequest<T>, span: Span): T {
  try {
    return read(JSON.parse(text), span);
  } catch {
    // The message of the error could quote the answer.
    throw new AttemptError('malformed', { status: 200 });
  }
}

function kindOf(status: number): AttemptError['kind'] {
  if (status === 429 || status === 503) return 'busy';
  return status >= 500 || status === 408 ? 'failed' : 'refused';
}

/** Returns the seconds of a `Retry-After`, which is a number of seconds or a date. */
function retryAfterOf(value: string | null): number | undefined {
  const seconds = (readRetryAfter(value, Date.now()) ?? 0) / 1_000;
  return seconds > 0 && seconds <= MAX_RETRY_AFTER_SECONDS ? seconds : undefined;
}

/** Returns the value of `error.type`: one of few. */
function errorTypeOf(error: unknown): string {
  if (error instanceof AttemptError)
    return error.status === undefined || error.status === 200 ? error.kind : String(error.status);
  return 'stopped';
}
