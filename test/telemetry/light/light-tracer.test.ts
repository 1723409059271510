import { type Context, context, ROOT_CONTEXT, SamplingDecision, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TraceState } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, type ReadableSpan, type Sampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readConfig } from '../../../src/platform/config.ts';
import { LightSpan } from '../../../src/telemetry/light/light-span.ts';
import { createLightTracerProvider, LightTracer } from '../../../src/telemetry/light/light-tracer.ts';
import { linkedRoot } from '../../../src/telemetry/sdk/linked-context.ts';
import { createSampler } from '../../../src/telemetry/sdk/sampler.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type Stage, scenarios } from './span-scenarios.ts';

const resource = resourceFromAttributes({ 'service.name': 'test' });
const scope = { name: 'waymark', version: '1' };

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => {
  context.disable();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The calls of a span processor, and the ended spans. */
interface Outcome {
  readonly calls: string[];
  readonly spans: ReadableSpan[];
}

type Play = (stage: Stage) => void;

/** Plays a scenario with the same clocks and ids each time. */
function play(kind: 'light' | 'sdk', sampler: Sampler, scenario: Play): Outcome {
  let wall = 1_790_000_000_123;
  let monotonic = 54_321.0625;
  vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(wall));
  vi.spyOn(performance, 'now').mockImplementation(() => monotonic);
  const wait = (milliseconds: number) => {
    wall += milliseconds;
    monotonic += milliseconds;
  };
  const setClock = (milliseconds: number) => {
    wall += milliseconds;
  };
  const calls: string[] = [];
  const spans: ReadableSpan[] = [];
  const recordCall = (call: string, { name, ended }: ReadableSpan) => calls.push(`${call} ${name} ${ended}`);
  const processor = {
    onStart: (span: ReadableSpan, parent: Context) => recordCall(`start ${trace.getSpan(parent) !== undefined}`, span),
    onEnding: (span: ReadableSpan) => recordCall('ending', span),
    onEnd: (span: ReadableSpan) => {
      recordCall('end', span);
      spans.push(span);
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  let count = 0;
  // Spread over the whole range, because a sampler decides by the ids.
  const id = (digits: number) =>
    (BigInt(++count) * 0x9e3779b97f4a7c15f39cc0605cedc834n).toString(16).slice(-digits).padStart(digits, '1');
  const idGenerator = { generateTraceId: () => id(32), generateSpanId: () => id(16) };
  const tracer =
    kind === 'light'
      ? new LightTracer({ resource, scope, processors: [processor] }, { sampler, idGenerator })
      : new TracerProvider({ resource, sampler, idGenerator, spanProcessors: [processor] }).getTracer('waymark', '1');
  scenario({ tracer, wait, setClock });
  vi.restoreAllMocks();
  return { calls, spans };
}

/** Returns all readable fields of a span. */
function read(span: ReadableSpan) {
  const { name, kind, parentSpanContext, startTime, endTime, duration, ended, status, links, events } = span;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount } = span;
  const { traceState, ...ids } = span.spanContext();
  return {
    ...{ name, kind, parentSpanContext, startTime, endTime, duration, ended, status, links, events },
    ...{ droppedAttributesCount, droppedEventsCount, droppedLinksCount },
    ids,
    traceState: traceState?.serialize(),
    attributes: Object.entries(span.attributes),
    scope: { ...span.instrumentationScope },
    isOfResource: span.resource === resource,
  };
}

async function otlp(spans: ReadableSpan[]): Promise<unknown> {
  const receiver = await startOtlpReceiver();
  const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces` });
  await new Promise((resolve) => exporter.export(spans, resolve));
  await exporter.shutdown();
  await receiver.close();
  return JSON.parse(receiver.raw.join());
}

async function expectEqualSpans(sampler: Sampler, scenario: Play): Promise<number> {
  const light = play('light', sampler, scenario);
  const sdk = play('sdk', sampler, scenario);
  expect(light.calls).toEqual(sdk.calls);
  expect(light.spans.map(read)).toEqual(sdk.spans.map(read));
  expect(await otlp(light.spans)).toEqual(await otlp(sdk.spans));
  expect(light.spans.every((span) => span instanceof LightSpan)).toBe(true);
  return light.spans.length;
}

test.each(Object.entries(scenarios))('%s: the spans equal those of the SDK', async (_, scenario) => {
  expect(await expectEqualSpans(createSampler(readConfig({})), scenario)).toBeGreaterThan(0);
});

const sampling = ['always_on', 'always_off', 'traceidratio'].flatMap((name) => [name, `parentbased_${name}`]);

test.each(sampling)('%s: the same spans are sampled for any caller', async (name) => {
  const sampler = createSampler(readConfig({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: '0.5' }));
  const callers = [ROOT_CONTEXT, linkedRoot].flatMap((root) => [
    root,
    ...[TraceFlags.SAMPLED, TraceFlags.NONE].flatMap((traceFlags) =>
      ['4', 'e'].flatMap((digit) =>
        [undefined, new TraceState('ot=th:8,other=1')].map((traceState) =>
          trace.setSpanContext(root, {
            traceId: digit.repeat(32),
            spanId: digit.repeat(16),
            traceFlags,
            isRemote: true,
            ...(traceState && { traceState }),
          }),
        ),
      ),
    ),
  ]);
  const seen: string[][] = [];
  const count = await expectEqualSpans(sampler, ({ tracer }) => {
    const ids: string[] = [];
    for (const caller of callers.flatMap((one) => Array<Context>(8).fill(one))) {
      const server = tracer.startSpan('server', {}, caller);
      const child = tracer.startSpan('child', {}, trace.setSpan(caller, server));
      for (const span of [server, child]) {
        const { traceId, spanId, traceFlags, traceState } = span.spanContext();
        ids.push(`${traceId}-${spanId}-${traceFlags}-${traceState?.serialize()}-${span.isRecording()}`);
        span.end();
      }
    }
    seen.push(ids);
  });
  expect(seen[0]).toEqual(seen[1]);
  expect(count > 0).toBe(name !== 'always_off');
});

test('a sampler can add attributes, and can record without sampling', async () => {
  const sampler = {
    shouldSample: (_: Context, __: string, name: string) => ({
      decision: name === 'recorded' ? SamplingDecision.RECORD : SamplingDecision.RECORD_AND_SAMPLED,
      attributes: { sampler: 'here', a: 'replaced' },
    }),
    toString: () => 'test',
  };
  const count = await expectEqualSpans(sampler, ({ tracer }) => {
    const recorded = tracer.startSpan('recorded', { attributes: { a: 1, b: 2 } }, ROOT_CONTEXT);
    tracer.startSpan('child that is sampled', {}, trace.setSpan(ROOT_CONTEXT, recorded)).end();
    recorded.end();
    tracer.startSpan('sampled', {}, ROOT_CONTEXT).end();
  });
  expect(count).toBe(3);
});

test('only the named scopes get light tracers, one per scope and version', () => {
  const sdk = new TracerProvider();
  const idGenerator = { generateTraceId: () => '1'.repeat(32), generateSpanId: () => '1'.repeat(16) };
  const options = { scopes: new Set(['own']), resource, processors: [], sampler: new AlwaysOnSampler(), idGenerator };
  const provider = createLightTracerProvider(sdk, options);
  expect(provider.getTracer('other', '1')).toBe(sdk.getTracer('other', '1'));
  expect(provider.getTracer('own')).toBeInstanceOf(LightTracer);
  expect(provider.getTracer('own')).toBe(provider.getTracer('own'));
  expect(provider.getTracer('own', '1')).not.toBe(provider.getTracer('own'));
});
