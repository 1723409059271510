import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, test } from 'vitest';
import { observedSum } from '../../src/telemetry/observed-sum.ts';

function meterAndSums() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test');
  const sums = async () => {
    const { resourceMetrics } = await reader.collect();
    return (
      resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints.map(({ attributes, value }) => [attributes, value]) ?? []
    );
  };
  return { meter, sums };
}

test('adds up each series, and still knows it at the next collection', async () => {
  const { meter, sums } = meterAndSums();
  const counter = observedSum(meter.createObservableCounter('work'));
  expect(await sums()).toEqual([]);
  counter.add(1, { label: 'a' });
  counter.add(2, { label: 'b' });
  counter.add(3, { label: 'a' });
  counter.add(1);
  const expected = [
    [{ label: 'a' }, 4],
    [{ label: 'b' }, 2],
    [{}, 1],
  ];
  expect(await sums()).toEqual(expected);
  expect(await sums()).toEqual(expected);
});

test('goes down, too', async () => {
  const { meter, sums } = meterAndSums();
  const busy = observedSum(meter.createObservableUpDownCounter('busy'));
  busy.add(2);
  busy.add(-2);
  expect(await sums()).toEqual([[{}, 0]]);
});

test('no more series are kept than the SDK would take', async () => {
  const { meter, sums } = meterAndSums();
  const counter = observedSum(meter.createObservableCounter('work'));
  for (let i = 0; i < 3_000; i++) counter.add(1, { i });
  expect((await sums()).length).toBeLessThanOrEqual(2_000);
});
