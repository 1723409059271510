import { type Attributes, metrics } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { type DataPoint, type Histogram, MeterProvider, type ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstruments, type Instruments } from '../../../src/telemetry/instruments.ts';
import { LiveVersions } from '../../../src/telemetry/live-versions.ts';
import { CountedInstruments, CountingMeterProvider } from '../../../src/telemetry/metrics/counting-meter-provider.ts';
import { UnitNamingPrometheusExporter } from '../../../src/telemetry/metrics/prometheus-exporter.ts';
import { MODEL_METRIC } from '../../../src/telemetry/model-metrics.ts';
import { METRIC } from '../../../src/telemetry/names.ts';

const RETENTION_MS = 1_000;

let time: number;
let inUse: Set<string>;
let exporter: UnitNamingPrometheusExporter;
let instruments: Instruments;
let ended: ScopeMetrics[];
let sdk: MeterProvider;

beforeEach(() => {
  time = 0;
  inUse = new Set(['1', '2']);
  ended = [];
  const versions = new LiveVersions(RETENTION_MS, () => time);
  versions.setInUse((_, version) => inUse.has(version));
  const counted = new CountedInstruments(
    { histograms: { [METRIC.predictionDuration.name]: { exemplars: false } }, counters: [METRIC.predictions.name] },
    emptyResource(),
  );
  versions.onEnd((_, version) => counted.forget((attributes) => attributes['version'] === version));
  // The server is not started.
  exporter = new UnitNamingPrometheusExporter({ host: '127.0.0.1', port: 0 }, [counted], versions);
  exporter.setSeriesEndListener((series) => void ended.push(...series));
  sdk = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(new CountingMeterProvider(sdk, counted));
  instruments = createInstruments();
});

afterEach(() => metrics.disable());

const labels = (version: string, more: Attributes = {}) => ({ model: 'm', version, ...more });

function pointsOf<T = number>(scopes: readonly ScopeMetrics[], name: string): readonly DataPoint<T>[] {
  return scopes
    .flatMap((scope) => scope.metrics)
    .filter(({ descriptor }) => descriptor.name.startsWith(name))
    .flatMap(({ dataPoints }) => dataPoints as readonly DataPoint<unknown>[] as readonly DataPoint<T>[]);
}

/** Collects, and returns the values of a metric by version. */
async function collect(name: string = METRIC.predictions.name): Promise<Record<string, unknown>> {
  const { resourceMetrics } = await exporter.collect();
  const points = pointsOf(resourceMetrics.scopeMetrics, name);
  return Object.fromEntries(points.map(({ attributes, value }) => [String(attributes['version'] ?? 'none'), value]));
}

const endedValues = (name: string) =>
  pointsOf(ended, name).map(({ attributes, value }) => [attributes['version'], value]);

test('a counter adds up over collections', async () => {
  instruments.predictions.add(2, labels('1'));
  expect(await collect()).toEqual({ 1: 2 });
  expect(await collect()).toEqual({ 1: 2 });
  instruments.predictions.add(3, labels('1'));
  expect(await collect()).toEqual({ 1: 5 });
});

test('collections at the same time lose and repeat nothing', async () => {
  for (let at = 0; at < 20; at += 1) {
    instruments.predictions.add(1, labels('1'));
    instruments.modelInfo.addCallback(() => {});
  }
  instruments.modelInfo.addCallback((result) => result.observe(1, labels('1')));
  const all = await Promise.all(Array.from({ length: 5 }, () => exporter.collect()));
  for (const { resourceMetrics } of all) {
    expect(pointsOf(resourceMetrics.scopeMetrics, METRIC.predictions.name)).toMatchObject([{ value: 20 }]);
    expect(pointsOf(resourceMetrics.scopeMetrics, MODEL_METRIC.modelInfo.name)).toMatchObject([{ value: 1 }]);
  }
});

describe('a version that is not in use any more', () => {
  test('keeps its series for a while, then they end; the others stay', async () => {
    for (const version of ['1', '2']) instruments.predictions.add(1, labels(version));
    instruments.errors.add(1);
    await collect();
    inUse.delete('1');
    time += RETENTION_MS - 1;
    expect(await collect()).toEqual({ 1: 1, 2: 1 });
    time += 1;
    expect(await collect()).toEqual({ 2: 1 });
    expect(await collect(METRIC.errors.name)).toEqual({ none: 1 });
    expect(endedValues(METRIC.predictions.name)).toEqual([['1', 1]]);
    await collect();
    expect(endedValues(METRIC.predictions.name)).toEqual([['1', 1]]);
  });

  test('keeps them longer if there are measurements, also when nobody collected them in time', async () => {
    instruments.predictions.add(1, labels('1'));
    inUse.delete('1');
    time += 10 * RETENTION_MS;
    expect(await collect()).toEqual({ 1: 1 });
    time += RETENTION_MS - 1;
    instruments.predictions.add(1, labels('1'));
    expect(await collect()).toEqual({ 1: 2 });
    time += RETENTION_MS - 1;
    expect(await collect()).toEqual({ 1: 2 });
    time += 1;
    expect(await collect()).toEqual({});
  });

  test('starts at 0 when it is used again', async () => {
    instruments.predictions.add(5, labels('1'));
    instruments.predictionDuration.record(1e-5, labels('1'));
    await collect();
    inUse.delete('1');
    time += RETENTION_MS;
    expect(await collect()).toEqual({});
    inUse.add('1');
    instruments.predictions.add(1, labels('1'));
    instruments.predictionDuration.record(1e-5, labels('1'));
    expect(await collect()).toEqual({ 1: 1 });
    expect(await collect(METRIC.predictionDuration.name)).toMatchObject({ 1: { count: 1 } });
  });

  test('ends in histograms, in observed counters and in gauges, too', async () => {
    for (const version of ['1', '2']) instruments.predictionDuration.record(1e-5, labels(version));
    const observed = new Set(['1', '2']);
    for (const instrument of [instruments.featureObservations, instruments.featureReference]) {
      instrument.addCallback((result) => {
        for (const version of observed) result.observe(4, labels(version));
      });
    }
    await collect();
    inUse.delete('1');
    time += RETENTION_MS;
    const { resourceMetrics } = await exporter.collect();
    observed.delete('1');
    for (const { name } of [
      METRIC.predictionDuration,
      MODEL_METRIC.featureObservations,
      MODEL_METRIC.featureReference,
    ]) {
      expect(pointsOf(resourceMetrics.scopeMetrics, name).map(({ attributes }) => attributes['version'])).toEqual([
        '2',
      ]);
      expect(Object.keys(await collect(name))).toEqual(['2']);
    }
    expect(pointsOf<Histogram>(ended, METRIC.predictionDuration.name)).toMatchObject([{ value: { count: 1 } }]);
    expect(endedValues(MODEL_METRIC.featureObservations.name)).toEqual([['1', 4]]);
    expect(endedValues(MODEL_METRIC.featureReference.name)).toEqual([]);
  });

  test('makes room for others: a thousand versions one after the other never overflow', async () => {
    for (let version = 1; version <= 1_000; version += 1) {
      inUse = new Set([String(version)]);
      for (let label = 0; label < 10; label += 1) {
        instruments.predictions.add(1, labels(String(version), { label }));
        instruments.predictionDuration.record(1e-5, labels(String(version), { label }));
      }
      time += RETENTION_MS;
      if (version % 10 === 0) await exporter.collect();
    }
    const { resourceMetrics } = await exporter.collect();
    for (const { name } of [METRIC.predictions, METRIC.predictionDuration]) {
      const points = pointsOf<unknown>(resourceMetrics.scopeMetrics, name);
      expect(points.some(({ attributes }) => 'otel.metric.overflow' in attributes)).toBe(false);
      expect(points.length).toBeLessThanOrEqual(210);
    }
  });
});

test('a gauge that is not observed any more ends at once', async () => {
  let role = 'shadow';
  instruments.modelInfo.addCallback((result) => result.observe(1, labels('1', { role })));
  await exporter.collect();
  role = 'active';
  const { resourceMetrics } = await exporter.collect();
  const points = pointsOf(resourceMetrics.scopeMetrics, MODEL_METRIC.modelInfo.name);
  expect(points.map(({ attributes }) => attributes['role'])).toEqual(['active']);
});

test('a gauge about the process keeps its last value if there is nothing new to observe', async () => {
  let observations = 1;
  const gauge = metrics.getMeter('process').createObservableGauge('delay');
  gauge.addCallback((result) => {
    if (observations-- > 0) result.observe(0.5);
  });
  expect(await collect('delay')).toEqual({ none: 0.5 });
  expect(await collect('delay')).toEqual({ none: 0.5 });
});
