import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SamplingDecision, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { readConfig } from '../../../src/platform/config.ts';
import { createSampler, ProbabilitySampler } from '../../../src/telemetry/sdk/sampler.ts';

const SAMPLED = SamplingDecision.RECORD_AND_SAMPLED;
const randomId = () => randomBytes(16).toString('hex');

test.each([
  [1, 'th:0'],
  [0.5, 'th:8'],
  [0.25, 'th:c'],
  [0.1, 'th:e666666666667'],
])('a share of %d is sampled, with the tracestate %s', (share, member) => {
  const sampler = new ProbabilitySampler(share);
  const results = Array.from({ length: 20_000 }, () => sampler.shouldSample(ROOT_CONTEXT, randomId()));
  const sampled = results.filter(({ decision }) => decision === SAMPLED);
  expect(sampled.length / results.length).toBeCloseTo(share, 1);
  expect(new Set(sampled.map(({ traceState }) => traceState?.serialize()))).toEqual(new Set([`ot=${member}`]));
});

test('a share of 0 samples nothing', () => {
  const sampler = new ProbabilitySampler(0);
  expect(sampler.shouldSample(ROOT_CONTEXT, 'f'.repeat(32)).decision).toBe(SamplingDecision.NOT_RECORD);
});

test('the decision for a trace is the same everywhere, by the bits of the specification', () => {
  const sampler = new ProbabilitySampler(0.25);
  const decide = (lastDigits: string) => sampler.shouldSample(ROOT_CONTEXT, lastDigits.padStart(32, '0')).decision;
  expect(decide('bfffffffffffff')).toBe(SamplingDecision.NOT_RECORD);
  expect(decide('c0000000000000')).toBe(SAMPLED);
});

test.each([
  [{}, SAMPLED, SAMPLED],
  [{ OTEL_TRACES_SAMPLER: 'always_off' }, SamplingDecision.NOT_RECORD, SamplingDecision.NOT_RECORD],
  [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, SamplingDecision.NOT_RECORD, SAMPLED],
  [
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    SamplingDecision.NOT_RECORD,
    SAMPLED,
  ],
  [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, SAMPLED, SAMPLED],
])('%j: decision %d for a new trace, %d for a trace that the caller sampled', (settings, ownTrace, callersTrace) => {
  const sampler = createSampler(readConfig(settings));
  const traceId = randomId();
  const caller = { traceId, spanId: 'b7ad6b7169203331', traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const decide = (scope: typeof ROOT_CONTEXT) =>
    sampler.shouldSample(scope, traceId, 'a', SpanKind.SERVER, {}, []).decision;
  expect(decide(ROOT_CONTEXT)).toBe(ownTrace);
  expect(decide(trace.setSpanContext(ROOT_CONTEXT, caller))).toBe(callersTrace);
});

test('other members of tracestate stay', () => {
  const spanContext = {
    traceId: randomId(),
    spanId: 'b7ad6b7169203331',
    traceFlags: 1,
    traceState: new TraceState('a=b'),
  };
  const { traceState } = new ProbabilitySampler(1).shouldSample(
    trace.setSpanContext(ROOT_CONTEXT, spanContext),
    randomId(),
  );
  expect(traceState?.serialize()).toBe('ot=th:0,a=b');
});
