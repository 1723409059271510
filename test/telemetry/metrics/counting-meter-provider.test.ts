import { type Attributes, context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CountedInstruments, CountingMeterProvider } from '../../../src/telemetry/metrics/counting-meter-provider.ts';
import type { WithExemplars } from '../../../src/telemetry/metrics/openmetrics-serializer.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const scopeOf = (traceFlags: number) => trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags });
const sampled = scopeOf(TraceFlags.SAMPLED);

/** Returns two histograms with the same boundaries: `took` with exemplars, `share` without. The counter `hits` is counted, too. */
function instruments() {
  const histograms = { took: { exemplars: true }, share: { exemplars: false } };
  const counted = new CountedInstruments({ histograms, counters: ['hits'] }, emptyResource());
  const meter = new CountingMeterProvider(new MeterProvider(), counted).getMeter('test', '1');
  const make = (name: string) =>
    meter.createHistogram(name, { unit: 's', advice: { explicitBucketBoundaries: [1, 10] } });
  const collect = async () => (await counted.collect()).resourceMetrics.scopeMetrics;
  const points = async (name: string) => {
    const metric = (await collect())
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === name);
    return metric?.dataPointType === DataPointType.HISTOGRAM ? metric.dataPoints : [];
  };
  const exemplars = async (name: string, attributes: Attributes = {}) => {
    const found = (await points(name)).find((point) => JSON.stringify(point.attributes) === JSON.stringify(attributes));
    return (found as WithExemplars<unknown> | undefined)?.exemplars ?? [];
  };
  return { make, meter, collect, points, exemplars };
}

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterEach(() => context.disable());

test('measurements are counted by bucket, with the upper bound inside, and stay counted', async () => {
  const { make, points } = instruments();
  const took = make('took');
  for (const value of [0, 0.5, 1, 1.5, 10, 11, 1e9]) took.record(value, { route: '/a' });
  took.record(2, { route: '/b' });
  const expected = [
    {
      attributes: { route: '/a' },
      value: { buckets: { boundaries: [1, 10], counts: [3, 2, 2] }, count: 7, sum: 1_000_000_024 },
    },
    { attributes: { route: '/b' }, value: { buckets: { boundaries: [1, 10], counts: [0, 1, 0] }, count: 1, sum: 2 } },
  ];
  expect(await points('took')).toMatchObject(expected);
  expect(await points('took')).toMatchObject(expected);
});

test('a histogram is collected with its unit and scope, if it has measurements', async () => {
  const { make, collect } = instruments();
  make('share');
  make('took').record(1);
  expect(await collect()).toMatchObject([
    { scope: { name: 'test', version: '1' }, metrics: [{ descriptor: { name: 'took', unit: 's' } }] },
  ]);
});

test('a histogram that is created again is the same one', async () => {
  const { make, points } = instruments();
  make('took').record(1);
  make('took').record(1);
  expect(await points('took')).toMatchObject([{ value: { count: 2 } }]);
});

test('frozen attributes, a copy of them, and another order of them are one series', async () => {
  const { make, points } = instruments();
  const took = make('took');
  const frozen = Object.freeze({ a: 1, b: 'x' });
  took.record(1, frozen);
  took.record(1, frozen);
  took.record(1, { ...frozen });
  took.record(1, { b: 'x', a: 1 });
  took.record(1, Object.freeze({ b: 'x', a: 1 }));
  expect(await points('took')).toMatchObject([{ attributes: { a: 1, b: 'x' }, value: { count: 5 } }]);
});

test('a later change of the attributes does not change the series', async () => {
  const { make, points } = instruments();
  const took = make('took');
  const attributes: Attributes = { a: 1 };
  took.record(1, attributes);
  attributes['a'] = 2;
  took.record(1, attributes);
  expect(await points('took')).toMatchObject([{ attributes: { a: 1 } }, { attributes: { a: 2 } }]);
});

test('negative values and NaN are not counted', async () => {
  const { make, points } = instruments();
  make('took').record(Number.NaN, {}, sampled);
  make('took').record(-1, {}, sampled);
  expect(await points('took')).toEqual([]);
});

test('beyond 2,000 series measurements are counted in one overflow series, as in the SDK', async () => {
  const { make, points, exemplars } = instruments();
  const took = make('took');
  for (let i = 0; i < 3_000; i++) took.record(1, { i }, sampled);
  const all = await points('took');
  expect(all).toHaveLength(2_001);
  expect(all.at(-1)).toMatchObject({ attributes: { 'otel.metric.overflow': true }, value: { count: 1_000 } });
  expect(await exemplars('took', { i: 1_999 })).toHaveLength(1);
});

test('an exemplar has the ids of the span of its measurement', async () => {
  const { make, exemplars } = instruments();
  make('took').record(0.5, { route: '/a' }, sampled);
  expect(await exemplars('took', { route: '/a' })).toMatchObject([
    { value: 0.5, time: expect.any(Number), traceId, spanId },
  ]);
});

test('without a given span the active one is used, as in instrumentations', async () => {
  const { make, exemplars } = instruments();
  context.with(sampled, () => make('took').record(0.5));
  expect(await exemplars('took')).toHaveLength(1);
});

test.each([
  ['outside a span', ROOT_CONTEXT],
  ['in a span that is not sampled', scopeOf(TraceFlags.NONE)],
])('a measurement %s has no exemplar', async (_, scope) => {
  const { make, exemplars } = instruments();
  make('took').record(0.5, {}, scope);
  expect(await exemplars('took')).toEqual([]);
});

test('a histogram without the option has no exemplars', async () => {
  const { make, points, exemplars } = instruments();
  make('share').record(0.5, {}, sampled);
  expect(await points('share')).toHaveLength(1);
  expect(await exemplars('share')).toEqual([]);
});

test('histograms of other names, and those without boundaries, are counted by the SDK', async () => {
  const { make, meter, collect } = instruments();
  make('other').record(1);
  meter.createHistogram('took').record(1);
  expect(await collect()).toEqual([]);
});

test('a counter has the increments since the last collection, and none if there were none', async () => {
  const { meter, collect } = instruments();
  const hits = meter.createCounter('hits', { unit: '{hit}', description: 'Hits.' });
  const frozen = Object.freeze({ a: 1, b: 'x' });
  hits.add(1, frozen);
  hits.add(2, { b: 'x', a: 1 });
  meter.createCounter('hits').add(1, { a: 2 });
  for (const ignored of [0, -1, Number.NaN]) hits.add(ignored, { a: 3 });
  expect(await collect()).toMatchObject([
    {
      scope: { name: 'test', version: '1' },
      metrics: [
        {
          descriptor: { name: 'hits', unit: '{hit}', description: 'Hits.' },
          aggregationTemporality: AggregationTemporality.DELTA,
          isMonotonic: true,
          dataPoints: [
            { attributes: frozen, value: 3 },
            { attributes: { a: 2 }, value: 1 },
          ],
        },
      ],
    },
  ]);
  expect(await collect()).toEqual([]);
  hits.add(1, frozen);
  expect(await collect()).toMatchObject([{ metrics: [{ dataPoints: [{ attributes: frozen, value: 1 }] }] }]);
});

test('beyond 2,000 series the increments are counted in one overflow series, until the next collection', async () => {
  const { meter, collect } = instruments();
  const hits = meter.createCounter('hits');
  for (let i = 0; i < 3_000; i++) hits.add(1, { i });
  const { dataPoints } = (await collect())[0]!.metrics[0]!;
  expect(dataPoints).toHaveLength(2_001);
  expect(dataPoints.at(-1)).toMatchObject({ attributes: { 'otel.metric.overflow': true }, value: 1_000 });
  hits.add(1, { i: 2_500 });
  expect(await collect()).toMatchObject([{ metrics: [{ dataPoints: [{ attributes: { i: 2_500 }, value: 1 }] }] }]);
});

test('a counter of another name is counted by the SDK', async () => {
  const { meter, collect } = instruments();
  meter.createCounter('other').add(1);
  expect(await collect()).toEqual([]);
});
