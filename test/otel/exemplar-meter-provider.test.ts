import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ExemplarMeterProvider } from '../../otel/exemplar-meter-provider.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const scopeOf = (traceFlags: number) => trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
const sampled = scopeOf(TraceFlags.SAMPLED);

const provider = () => new ExemplarMeterProvider(new MeterProvider(), { took: [1, 10] });

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => context.disable());

test('a measurement is kept with the span it was made in', () => {
  const meters = provider();
  meters.getMeter('test').createHistogram('took').record(0.5, { route: '/a' }, sampled);
  expect(meters.exemplars('took', { route: '/a' })).toMatchObject([
    { value: 0.5, time: expect.any(Number), traceId, spanId },
  ]);
});

test('the active span counts where none is handed over, as in instrumentations', () => {
  const meters = provider();
  const histogram = meters.getMeter('test').createHistogram('took');
  context.with(sampled, () => histogram.record(0.5));
  expect(meters.exemplars('took', {})).toHaveLength(1);
});

test.each([
  ['outside a span', ROOT_CONTEXT],
  ['in a span that is not sampled', scopeOf(TraceFlags.NONE)],
])('a measurement %s has no exemplar', (_, scope) => {
  const meters = provider();
  meters.getMeter('test').createHistogram('took').record(0.5, {}, scope);
  expect(meters.exemplars('took', {})).toEqual([]);
});

test('a series is the same in whatever order its attributes come', () => {
  const meters = provider();
  const histogram = meters.getMeter('test').createHistogram('took');
  histogram.record(0.1, { a: 1, b: 'x' }, sampled);
  histogram.record(0.2, { b: 'x', a: 1 }, sampled);
  histogram.record(5, { a: 2, b: 'x' }, sampled);
  expect(meters.exemplars('took', { b: 'x', a: 1 }).map(({ value }) => value)).toEqual([0.2]);
});

test('a histogram that was not named, and a negative value, keep none', () => {
  const meters = provider();
  meters.getMeter('test').createHistogram('other').record(1, {}, sampled);
  meters.getMeter('test').createHistogram('took').record(Number.NaN, {}, sampled);
  meters.getMeter('test').createHistogram('took').record(-1, {}, sampled);
  expect(meters.exemplars('other', {})).toEqual([]);
  expect(meters.exemplars('took', {})).toEqual([]);
});

test('no more than 2,000 series are kept', () => {
  const meters = provider();
  const histogram = meters.getMeter('test').createHistogram('took');
  for (let i = 0; i < 3_000; i++) histogram.record(1, { i }, sampled);
  expect(meters.exemplars('took', { i: 1_999 })).toHaveLength(1);
  expect(meters.exemplars('took', { i: 2_000 })).toEqual([]);
});
