import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mergeTraces } from '../../../src/http/console/traces.ts';
import type { OtlpResourceSpans, OtlpSpan, TraceAnswer } from '../../../src/recent/trace-answer.ts';
import { post, serve } from '../in-process.ts';

const TRACE_ID = 'ab'.repeat(16);

/** Answers every request alike. test/stack asks the real Jaeger; this one fails in ways that Jaeger cannot be made to. */
async function startJaeger(status: number, body: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jaeger/`;
}

const span = (spanId: string, name: string, parentSpanId?: string): OtlpSpan => ({
  traceId: TRACE_ID,
  spanId,
  name,
  kind: 1,
  startTimeUnixNano: '1',
  endTimeUnixNano: '2',
  ...(parentSpanId !== undefined && { parentSpanId }),
});
const resource = (spans: readonly OtlpSpan[]): OtlpResourceSpans => ({ scopeSpans: [{ spans }] });
const namesOf = (traces: readonly OtlpResourceSpans[]) =>
  traces.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)));

describe('spans of Jaeger and of the memory', () => {
  test('are merged by their ids, and steps by their place', () => {
    const stored = [resource([span('a', 'POST'), span('b', 'classify', 'a'), span('c', 'tokenize', 'b')])];
    const remembered = [resource([span('b', 'classify', 'a'), span('d', 'tokenize', 'b'), span('e', 'score', 'b')])];
    expect(namesOf(mergeTraces(stored, remembered))).toEqual(['a', 'b', 'c', 'e']);
    expect(namesOf(mergeTraces([], remembered))).toEqual(['b', 'd', 'e']);
    expect(namesOf(mergeTraces(stored, []))).toEqual(['a', 'b', 'c']);
  });
});

describe('Jaeger', () => {
  const part = (one: object) => JSON.stringify({ result: { resourceSpans: [{ scopeSpans: [{ spans: [one] }] }] } });

  test('may answer in several parts, with ids in base64 and names of kinds', async () => {
    const first = {
      ...span('', 'POST'),
      traceId: Buffer.from(TRACE_ID, 'hex').toString('base64'),
      spanId: Buffer.from('0102030405060708', 'hex').toString('base64'),
      kind: 'SPAN_KIND_SERVER',
      status: { code: 'STATUS_CODE_ERROR' },
    };
    const second = span('1112131415161718', 'classify', '0102030405060708');
    const { url } = await serve({ JAEGER_QUERY_URL: await startJaeger(200, `${part(first)}\n${part(second)}\n`) });
    const response = await fetch(`${url}/traces/${TRACE_ID}`);
    expect(response.headers.get('x-waymark-trace-source')).toBe('jaeger');
    const { resourceSpans } = (await response.json()) as TraceAnswer;
    expect(resourceSpans.map(({ scopeSpans }) => scopeSpans[0]!.spans[0])).toMatchObject([
      { traceId: TRACE_ID, spanId: '0102030405060708', kind: 2, status: { code: 2 } },
      { spanId: '1112131415161718', parentSpanId: '0102030405060708', kind: 1 },
    ]);
  });

  test.each([
    ['an error', 500, 'broken'],
    ['no JSON', 200, '<html>'],
    ['another form', 200, '{"result":{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":5}]}]}]}}'],
  ])('with %s is logged, and the memory answers', async (_, status, body) => {
    const { url, lines } = await serve({ JAEGER_QUERY_URL: await startJaeger(status, body) });
    const prediction = await post(`${url}/predict`, { text: 'a mail' });
    const response = await fetch(`${url}/traces/${prediction.headers.get('x-trace-id')}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('x-waymark-trace-source')).toBe('memory');
    expect(lines.some((line) => line.includes('trace not read'))).toBe(true);
    const unknown = await fetch(`${url}/traces/${TRACE_ID}`);
    expect(((await unknown.json()) as { detail: string }).detail).toContain('Jaeger could not be asked.');
  });

  test('that does not have the trace is not an error', async () => {
    const { url, lines } = await serve({ JAEGER_QUERY_URL: await startJaeger(404, 'not found') });
    expect((await fetch(`${url}/traces/${TRACE_ID}`)).status).toBe(404);
    expect(lines.some((line) => line.includes('trace not read'))).toBe(false);
  });
});

test('log records that cannot be read are left out', async () => {
  const { url } = await serve({ VICTORIALOGS_URL: await startJaeger(500, 'broken') });
  const prediction = await post(`${url}/predict`, { text: 'a mail' });
  const answer = await fetch(`${url}/traces/${prediction.headers.get('x-trace-id')}?logs=true`);
  expect(await answer.json()).not.toHaveProperty('logs');
});
