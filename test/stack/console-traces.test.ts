import { expect, test } from 'vitest';
import type { OtlpSpan, TraceAnswer } from '../../src/recent/trace-answer.ts';
import { eventually } from '../../tools/stack/check/queries.ts';
import { postMail, spamMail } from '../gateway/in-process.ts';
import { describeStack } from './support/running-stack.ts';

describeStack('GET /traces/{traceId}', (stack) => {
  test('returns the whole trace across gateway and service, each span once, with its log records', async () => {
    const { gateway, service } = stack().urls;
    const traceId = String((await postMail(gateway, spamMail)).headers.get('x-trace-id'));
    await eventually(async () => {
      const response = await fetch(`${service}/traces/${traceId}?logs=true`);
      expect(response.headers.get('x-waymark-trace-source')).toBe('jaeger');
      const { resourceSpans, logs = [] } = (await response.json()) as TraceAnswer;
      const services = resourceSpans.map(
        ({ resource }) => resource?.attributes?.find(({ key }) => key === 'service.name')?.value.stringValue,
      );
      expect(new Set(services)).toEqual(new Set(['mail-gateway', 'waymark']));
      const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
      const names = spans.map(({ name }) => name).toSorted();
      expect(names).toEqual(['POST', 'POST /messages', 'POST /predict', 'classify', 'score', 'tokenize']);
      expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
      expect(pathTo(spans, 'classify')).toEqual(['POST /messages', 'POST', 'POST /predict', 'classify']);
      expect(spans.find(({ name }) => name === 'POST /predict')?.kind).toBe(2);
      expect(logs.map(({ body }) => body)).toContain('prediction');
    });
  });

  test('returns a trace of the memory before it is exported, and answers 404 for one that nobody has', async () => {
    const { service } = stack().urls;
    const prediction = await fetch(`${service}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"a mail"}',
    });
    const response = await fetch(`${service}/traces/${prediction.headers.get('x-trace-id')}`);
    expect(response.status).toBe(200);
    const unknown = await fetch(`${service}/traces/${'ab'.repeat(16)}`);
    expect(unknown.status).toBe(404);
    expect(((await unknown.json()) as { detail: string }).detail).toContain('Jaeger does not have it either.');
  });
});

function pathTo(spans: readonly OtlpSpan[], name: string): string[] {
  const path: string[] = [];
  for (let span = spans.find((one) => one.name === name); span; ) {
    path.unshift(span.name);
    const { parentSpanId } = span;
    span = spans.find(({ spanId }) => spanId === parentSpanId);
  }
  return path;
}
