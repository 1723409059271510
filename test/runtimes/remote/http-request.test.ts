import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AttemptError } from '../../../src/runtimes/remote/failures.ts';
import { type HttpRequest, postJson } from '../../../src/runtimes/remote/http-request.ts';
import { type Behaviour, faults, json, SECRET, startStandIn } from './stand-in.ts';

const spans = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] });

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
beforeEach(() => spans.reset());
afterAll(() => {
  trace.disable();
  context.disable();
});

function requestTo(url: string, changes: Partial<HttpRequest<unknown>> = {}): HttpRequest<unknown> {
  return {
    url: new URL('/v2/models/a/infer', url),
    body: '{"text":"a text"}',
    key: undefined,
    signal: new AbortController().signal,
    attempt: 0,
    spanName: 'POST /v2/models/a/infer',
    attributes: {},
    read: (answer) => answer,
    ...changes,
  };
}

const failureOf = (answer: Promise<unknown>) =>
  answer.then(
    () => Promise.reject(new Error('no failure')),
    (error: AttemptError) => error,
  );

describe('a request', () => {
  test('carries the trace on, within a CLIENT span', async () => {
    const endpoint = await startStandIn(json({ answer: 1 }));
    const parent = provider.getTracer('test').startSpan('classify');
    const baggage = propagation.createBaggage({ customer: { value: 'secret' } });
    const scope = propagation.setBaggage(trace.setSpan(context.active(), parent), baggage);
    expect(await context.with(scope, () => postJson(requestTo(endpoint.url, { key: 'a-key' })))).toEqual({ answer: 1 });
    const [span] = spans.getFinishedSpans();
    const { traceId, spanId } = span!.spanContext();
    expect(traceId).toBe(parent.spanContext().traceId);
    expect(span!.parentSpanContext?.spanId).toBe(parent.spanContext().spanId);
    const { headers, body } = endpoint.requests[0]!;
    expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`);
    expect(headers.authorization).toBe('Bearer a-key');
    expect(headers).not.toHaveProperty('baggage');
    expect(body).toEqual({ text: 'a text' });
    expect(span).toMatchObject({
      name: 'POST /v2/models/a/infer',
      kind: 2,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(endpoint.url).port),
        'url.full': `${endpoint.url}/v2/models/a/infer`,
      },
    });
  });

  test('says how often the text was sent before', async () => {
    const endpoint = await startStandIn(json({}));
    await postJson(requestTo(endpoint.url, { attempt: 2 }));
    expect(spans.getFinishedSpans()[0]!.attributes).toMatchObject({ 'http.request.resend_count': 2 });
  });
});

describe('a failure', () => {
  test.each([
    ['error500', { kind: 'failed', status: 500, retryAfter: undefined }, '500'],
    ['busy', { kind: 'busy', status: 429, retryAfter: 7 }, '429'],
    ['refusal', { kind: 'refused', status: 400 }, '400'],
    ['redirect', { kind: 'refused', status: 307 }, '307'],
    ['notJson', { kind: 'malformed' }, 'malformed'],
    ['cutOff', { kind: 'unreachable' }, 'unreachable'],
    ['endless', { kind: 'malformed' }, 'malformed'],
  ] as const)('%s has its kind, and nothing that the endpoint wrote', async (fault, expected, errorType) => {
    const endpoint = await startStandIn(faults[fault]);
    const failure = await failureOf(postJson(requestTo(endpoint.url)));
    expect(failure).toMatchObject(expected);
    expect(failure.message).not.toContain(SECRET);
    expect(failure.cause).toBeUndefined();
    const [span] = spans.getFinishedSpans();
    expect(span).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': errorType } });
    expect(JSON.stringify([span!.attributes, span!.events, span!.status])).not.toContain(SECRET);
  });

  test('of the reader has nothing of its message', async () => {
    const endpoint = await startStandIn(json({ secret: SECRET }));
    const read = (answer: unknown) => {
      throw new Error(JSON.stringify(answer));
    };
    const failure = await failureOf(postJson(requestTo(endpoint.url, { read })));
    expect(failure).toMatchObject({ kind: 'malformed' });
    expect(failure.message).not.toContain(SECRET);
  });

  test('without a server is unreachable', async () => {
    const endpoint = await startStandIn(faults.hang);
    await endpoint.close();
    expect(await failureOf(postJson(requestTo(endpoint.url)))).toMatchObject({
      kind: 'unreachable',
      status: undefined,
    });
  });

  test.each(['hang', 'endless'] as const)('of a signal ends a request with %s', async (fault) => {
    const endpoint = await startStandIn((response, request) => {
      const behave: Behaviour = faults[fault];
      behave(response, request);
      controller.abort(reason);
    });
    const controller = new AbortController();
    const reason = new Error('the deadline');
    await expect(postJson(requestTo(endpoint.url, { signal: controller.signal }))).rejects.toBe(reason);
    expect(spans.getFinishedSpans()[0]!.attributes).toMatchObject({ 'error.type': 'stopped' });
  });
});
