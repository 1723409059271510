import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readTraceState } from '../../../src/telemetry/sdk/incoming-trace.ts';
import { hamMail, postMail } from '../../gateway/in-process.ts';
import { post } from '../../http/in-process.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type ServiceProcess, startGatewayProcess, startProcess } from '../../support/service-process.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const parent = (flags: string) => `00-${TRACE}-${PARENT}-${flags}`;

describe('tracestate', () => {
  test.each([
    ['ot=th:8', 'ot=th:8', undefined],
    ['ot=th:e;foo:bar', 'ot=th:e', 'ot=th:e;foo:bar'],
    ['ot=foo:bar;th:e', 'ot=th:e', 'ot=foo:bar;th:e'],
    [
      'vendor=a, ot=rv:0123456789abcd;th:c ,other=b',
      'ot=rv:0123456789abcd;th:c',
      'ot=rv:0123456789abcd;th:c,vendor=a,other=b',
    ],
    ['ot=th:nonsense;rv:0123456789abcd', 'ot=rv:0123456789abcd', undefined],
    ['ot=th:nonsense', undefined, undefined],
    ['ot=th:8;th:f', 'ot=th:8', undefined],
    ['vendor=a', undefined, 'vendor=a'],
    ['', undefined, undefined],
    ['a b=c,=,ot', undefined, undefined],
    ['ot=th:0', 'ot=th:0', undefined],
    ['ot=th:ffbe76c8b43958', 'ot=th:ffbe76c8b43958', undefined],
    ['ot=th:ffbe76c8b43959', undefined, undefined],
    ['ot=th:ffffffffffffff;foo:bar', undefined, 'ot=foo:bar'],
    ['ot=th:fff', undefined, undefined],
  ])('%j is recorded as %j, and propagated as %j', (header, recorded, propagated) => {
    const state = readTraceState(header);
    expect(state.recorded).toBe(recorded);
    expect(state.propagated).toBe(propagated ?? recorded);
  });

  test('has at most 32 members of together at most 512 characters', () => {
    const long = (key: string) => `${key}=${'x'.repeat(245)}`;
    const members = Array.from({ length: 40 }, (_, at) => `k${at}=v`);
    expect(readTraceState(members.join()).propagated?.split(',')).toHaveLength(32);
    expect(readTraceState(`${long('a')},${long('b')},c=${'y'.repeat(20)},ot=th:8`).propagated).toBe(
      `ot=th:8,${long('a')},${long('b')}`,
    );
  });
});

describe.each(['true', 'false'])('a trace from outside, with light telemetry %s', (WAYMARK_LIGHT_TELEMETRY) => {
  let receiver: OtlpReceiver;
  let service: ServiceProcess;
  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, WAYMARK_LIGHT_TELEMETRY });
  });
  afterAll(() => receiver.close());

  test('keeps the flags of level 2 in the response, and records the sampling probability within bounds', async () => {
    const responses: (string | null)[] = [];
    for (const [flags, tracestate] of [
      ['00', ''],
      ['01', 'ot=th:e;foo:bar'],
      ['02', ''],
      ['03', 'ot=th:ffffffffffffff'],
      ['ff', 'vendor=secret'],
    ] as const) {
      const response = await post(`${service.url}/predict`, { text: 'a' }, { traceparent: parent(flags), tracestate });
      responses.push(response.headers.get('traceresponse'));
    }
    expect(responses.map((value) => value?.slice(-2))).toEqual(['00', '01', '02', '03', '03']);
    await service.stop();
    const states = receiver.spans
      .filter(({ kind }) => kind === 2)
      .map((span) => (span as { traceState?: string }).traceState);
    expect(states.map((state) => state || undefined)).toEqual(['ot=th:e', undefined, undefined]);
  });
});

describe('TRUST_INCOMING_TRACE', () => {
  const headers = { traceparent: parent('00'), tracestate: 'ot=th:8', baggage: 'a=b' };

  test.each([
    ['always', [true, true]],
    ['authenticated', [false, true]],
    ['never', [false, false]],
  ])('%s: continues the traces of callers without and with a token: %j', async (TRUST_INCOMING_TRACE, continued) => {
    const receiver = await startOtlpReceiver();
    const service = await startProcess({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      API_TOKENS: 'secret',
      TRUST_INCOMING_TRACE,
    });
    const responses = [
      await fetch(`${service.url}/livez`, { headers }),
      await fetch(`${service.url}/models`, { headers: { ...headers, authorization: 'Bearer secret' } }),
    ];
    await service.stop();
    await receiver.close();
    expect(responses.map((response) => response.headers.get('x-trace-id') === TRACE)).toEqual(continued);
    const spans = receiver.spans.filter(({ kind }) => kind === 2);
    // A trace that is continued keeps the decision of its caller, which here is not to sample.
    expect(spans).toHaveLength(continued.filter((isContinued) => !isContinued).length);
    for (const span of spans) {
      expect(span.links).toMatchObject([{ traceId: TRACE, spanId: PARENT }]);
      expect([span.parentSpanId, (span as { traceState?: string }).traceState || undefined]).toEqual([
        undefined,
        undefined,
      ]);
    }
  });
});

describe('a request of the gateway to the service', () => {
  test('carries the flags and all members of the trace that it continues', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const service = createServer((request, response) => {
      seen.push(request.headers);
      request.resume().on('end', () => response.writeHead(500).end());
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    onTestFinished(() => void service.close());
    const WAYMARK_URL = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    const gateway = await startGatewayProcess({ WAYMARK_URL, GATEWAY_DEADLINE_MS: '300' });
    for (const [flags, tracestate] of [
      ['03', 'vendor=a,ot=th:e;foo:bar'],
      ['02', 'vendor=a'],
      ['01', 'ot=th:ffffffffffffff'],
    ] as const) {
      await postMail(gateway.url, hamMail, { traceparent: parent(flags), tracestate });
    }
    await gateway.stop();
    service.closeAllConnections();
    const sent = new Set(
      seen.map(({ traceparent, tracestate }) => `${String(traceparent).slice(-2)} ${tracestate ?? ''}`),
    );
    expect(sent).toEqual(new Set(['03 ot=th:e;foo:bar,vendor=a', '02 vendor=a', '01 ']));
    expect(seen.every(({ traceparent }) => String(traceparent).startsWith(`00-${TRACE}-`))).toBe(true);
  });
});
