import { type Attributes, metrics } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { type DataPoint, type Histogram, MeterProvider, type ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createInstruments, type Instruments } from '../../src/telemetry/instruments.ts';
import { CountedInstruments, CountingMeterProvider } from '../../src/telemetry/metrics/counting-meter-provider.ts';
import { mergeMetrics } from '../../src/telemetry/metrics/merge-metrics.ts';
import { UnitNamingPrometheusExporter } from '../../src/telemetry/metrics/prometheus-exporter.ts';
import { MODEL_METRIC } from '../../src/telemetry/model-metrics.ts';
import { METRIC } from '../../src/telemetry/names.ts';
import { freePort } from '../support/service-process.ts';

const MANY = 3_000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

let url: string;
let exporter: UnitNamingPrometheusExporter;
let sdk: MeterProvider;
let instruments: Instruments;

beforeEach(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/metrics`;
  const counted = new CountedInstruments(
    { histograms: { [METRIC.predictionDuration.name]: { exemplars: true } } },
    emptyResource(),
  );
  exporter = new UnitNamingPrometheusExporter({ host: '127.0.0.1', port }, [counted]);
  await exporter.startServer();
  sdk = new MeterProvider({ readers: [exporter] });
  metrics.setGlobalMeterProvider(new CountingMeterProvider(sdk, counted));
  instruments = createInstruments();
});

afterEach(async () => {
  metrics.disable();
  await sdk.shutdown();
});

async function collect(): Promise<ScopeMetrics[]> {
  return (await exporter.collect()).resourceMetrics.scopeMetrics;
}

/** The data points of a metric, in the order of their series. */
function pointsOf<T = number>(scopes: readonly ScopeMetrics[], name: string): readonly DataPoint<T>[] {
  const metric = scopes.flatMap((scope) => scope.metrics).find(({ descriptor }) => descriptor.name.startsWith(name));
  return (metric?.dataPoints ?? []) as readonly unknown[] as readonly DataPoint<T>[];
}

const valuesOf = (points: readonly DataPoint<number>[]) => points.map(({ attributes, value }) => [attributes, value]);
const sumOf = (points: readonly DataPoint<number>[]) => points.reduce((total, { value }) => total + value, 0);
const countOf = (points: readonly DataPoint<Histogram>[]) =>
  points.reduce((total, { value }) => total + value.count, 0);
const hasOverflow = (points: readonly DataPoint<unknown>[]) =>
  points.some(({ attributes }) => JSON.stringify(attributes) === JSON.stringify(OVERFLOW));

/** The sum of all samples of a metric on a page of `/metrics`. */
async function sumOfSamples(sample: string, accept: string): Promise<number> {
  const page = await (await fetch(url, { headers: { accept } })).text();
  expect(page).toMatch(new RegExp(`^${sample}\\{otel_metric_overflow="true"\\} \\d+`, 'm'));
  const lines = page.split('\n').filter((line) => line.startsWith(`${sample}{`));
  return lines.reduce((total, line) => total + Number(/\} (\d+)/.exec(line)?.[1]), 0);
}

describe('a counter', () => {
  test('adds up each series, and keeps the sum for the next collection', async () => {
    expect(pointsOf(await collect(), METRIC.errors.name)).toEqual([]);
    instruments.errors.add(1, { label: 'a' });
    instruments.errors.add(2, { label: 'b' });
    instruments.errors.add(3, { label: 'a' });
    instruments.errors.add(1);
    const expected = [
      [{ label: 'a' }, 4],
      [{ label: 'b' }, 2],
      [{}, 1],
    ];
    expect(valuesOf(pointsOf(await collect(), METRIC.errors.name))).toEqual(expected);
    expect(valuesOf(pointsOf(await collect(), METRIC.errors.name))).toEqual(expected);
  });

  test('that is an up-down counter goes down, too', async () => {
    let active = 2;
    instruments.activeRequests.addCallback((result) => result.observe(active));
    expect(valuesOf(pointsOf(await collect(), METRIC.activeRequests.name))).toEqual([[{}, 2]]);
    active = 0;
    expect(valuesOf(pointsOf(await collect(), METRIC.activeRequests.name))).toEqual([[{}, 0]]);
  });
});

describe('beyond the limit on series no measurement is lost', () => {
  test('of a counter: the overflow series has the rest', async () => {
    for (let i = 0; i < MANY; i++) instruments.errors.add(2, { i });
    const points = pointsOf(await collect(), METRIC.errors.name);
    expect(points.length).toBeLessThanOrEqual(2_000);
    expect(hasOverflow(points)).toBe(true);
    expect(sumOf(points)).toBe(2 * MANY);
    for (let i = 0; i < MANY; i++) instruments.errors.add(1, { i });
    expect(sumOf(pointsOf(await collect(), METRIC.errors.name))).toBe(3 * MANY);
  });

  test('of a counter that is observed: it has no limit', async () => {
    instruments.feedback.addCallback((result) => {
      for (let i = 0; i < MANY; i++) result.observe(2, { i });
    });
    for (let collections = 0; collections < 2; collections++) {
      const points = pointsOf(await collect(), MODEL_METRIC.feedback.name);
      expect([points.length, sumOf(points)]).toEqual([MANY, 2 * MANY]);
    }
  });

  test('of a histogram', async () => {
    for (let i = 0; i < MANY; i++) instruments.predictionDuration.record(1e-5, { i });
    const points = pointsOf<Histogram>(await collect(), METRIC.predictionDuration.name);
    expect(points.length).toBeLessThanOrEqual(2_001);
    expect(hasOverflow(points)).toBe(true);
    expect(countOf(points)).toBe(MANY);
    expect(points.reduce((total, { value }) => total + value.sum!, 0)).toBeCloseTo(MANY * 1e-5, 9);
    for (let i = 0; i < MANY; i++) instruments.predictionDuration.record(1e-5, { i });
    expect(countOf(pointsOf<Histogram>(await collect(), METRIC.predictionDuration.name))).toBe(2 * MANY);
  });

  test('when the metrics of several workers are merged', async () => {
    for (let i = 0; i < MANY; i++) {
      instruments.errors.add(1, { i });
      instruments.predictionDuration.record(1e-5, { i });
    }
    const scopes = await collect();
    const merged = mergeMetrics([scopes, structuredClone(scopes)]);
    const errors = pointsOf(merged, METRIC.errors.name);
    const durations = pointsOf<Histogram>(merged, METRIC.predictionDuration.name);
    expect([sumOf(errors), countOf(durations)]).toEqual([2 * MANY, 2 * MANY]);
    expect([errors, durations].map((points) => points.filter((point) => hasOverflow([point])).length)).toEqual([1, 1]);
  });

  test.each(['text/plain', 'application/openmetrics-text;version=1.0.0'])('on the page of %s', async (accept) => {
    for (let i = 0; i < MANY; i++) {
      instruments.errors.add(1, { i });
      instruments.predictionDuration.record(1e-5, { i });
    }
    expect(await sumOfSamples('classifier_errors_total', accept)).toBe(MANY);
    expect(await sumOfSamples('classifier_prediction_duration_seconds_count', accept)).toBe(MANY);
  });
});
