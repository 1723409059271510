import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UnitNamingPrometheusExporter } from '../../otel/prometheus-exporter.ts';
import { freePort } from '../service-process.ts';

let exporter: UnitNamingPrometheusExporter;
let provider: MeterProvider;
let url: string;

beforeEach(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/metrics`;
  exporter = new UnitNamingPrometheusExporter({
    host: '127.0.0.1',
    port,
    withoutScopeInfo: true,
    preventServerStart: true,
  });
  await exporter.startServer();
  provider = new MeterProvider({ readers: [exporter] });
});

afterEach(() => provider.shutdown());

test('a metric is exposed with its unit, once', async () => {
  const meter = provider.getMeter('test');
  meter.createCounter('work.time', { unit: 's' }).add(1);
  meter.createCounter('work', { unit: '{item}' }).add(1);
  meter.createHistogram('took', { unit: 's' }).record(1);
  meter.createHistogram('share', { unit: '1' }).record(0.5);
  meter.createGauge('full', { unit: '1' }).record(0.5);
  meter.createGauge('size', { unit: 'By' }).record(1);
  meter.createGauge('already_bytes', { unit: 'By' }).record(1);
  const text = await (await fetch(url)).text();
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  expect(names.sort()).toEqual([
    'already_bytes gauge',
    'full_ratio gauge',
    'share histogram',
    'size_bytes gauge',
    'target_info gauge',
    'took_seconds histogram',
    'work_time_seconds_total counter',
    'work_total counter',
  ]);
  expect(text).toMatch(/^took_seconds_count 1$/m);
  expect(text).not.toContain('otel_scope');
});
