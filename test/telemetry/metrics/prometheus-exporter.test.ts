import { ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CountedInstruments, CountingMeterProvider } from '../../../src/telemetry/metrics/counting-meter-provider.ts';
import {
  prefersOpenMetrics,
  UnitNamingPrometheusExporter,
} from '../../../src/telemetry/metrics/prometheus-exporter.ts';
import { freePort } from '../../support/service-process.ts';

let exporter: UnitNamingPrometheusExporter;
let sdk: MeterProvider;
let provider: CountingMeterProvider;
let url: string;

beforeEach(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/metrics`;
  const counted = new CountedInstruments({ histograms: { took: { exemplars: true } } }, emptyResource());
  exporter = new UnitNamingPrometheusExporter({ host: '127.0.0.1', port }, [counted]);
  await exporter.startServer();
  sdk = new MeterProvider({ readers: [exporter] });
  provider = new CountingMeterProvider(sdk, counted);
});

afterEach(() => sdk.shutdown());

const openMetrics = { headers: { accept: 'application/openmetrics-text;version=1.0.0' } };
const scrape = async (init: RequestInit = {}) => (await fetch(url, init)).text();

function recordOneOfEach(): void {
  const meter = provider.getMeter('test');
  meter.createCounter('work.time', { unit: 's' }).add(1);
  meter.createCounter('work', { unit: '{item}' }).add(1);
  meter.createHistogram('took', { unit: 's', advice: { explicitBucketBoundaries: [0.25, 1, 1e6] } }).record(1);
  meter.createHistogram('share', { unit: '1' }).record(0.5);
  meter.createGauge('full', { unit: '1' }).record(0.5);
  meter.createGauge('size', { unit: 'By' }).record(1);
  meter.createGauge('already_bytes', { unit: 'By' }).record(1);
}

test('the name of a metric has its unit once', async () => {
  recordOneOfEach();
  const text = await scrape();
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

test('in OpenMetrics the families have the required names and units', async () => {
  recordOneOfEach();
  const text = await scrape(openMetrics);
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
  const units = [...text.matchAll(/^# UNIT (\S+) (\S+)$/gm)].map(([, name, unit]) => `${name} ${unit}`);
  expect(types.sort()).toEqual([
    'already_bytes gauge',
    'full_ratio gauge',
    'share histogram',
    'size_bytes gauge',
    'target info',
    'took_seconds histogram',
    'work counter',
    'work_time_seconds counter',
  ]);
  expect(units.sort()).toEqual([
    'already_bytes bytes',
    'full_ratio ratio',
    'size_bytes bytes',
    'took_seconds seconds',
    'work_time_seconds seconds',
  ]);
  expect(text).toMatch(/^work_time_seconds_total 1$/m);
  expect(text).toMatch(/\n# EOF\n$/);
});

test('both formats have the same samples', async () => {
  recordOneOfEach();
  const samples = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.replace(/le="([^"]*)"/, (_, bound) => `le="${bound === '+Inf' ? bound : Number(bound)}"`))
      .sort();
  expect(samples(await scrape(openMetrics))).toEqual(samples(await scrape()));
});

test('a bucket has the exemplar with a value inside it, and bounds are canonical', async () => {
  const took = provider.getMeter('test').createHistogram('took', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.00001, 0.25, 1, 1e6] },
  });
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
  const scope = trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags: TraceFlags.SAMPLED });
  took.record(0.1, {}, scope);
  took.record(1, { who: 'a "quoted"\nname\\' }, scope);
  const lines = (await scrape(openMetrics)).split('\n').filter((line) => line.startsWith('took_seconds_bucket'));
  const exemplar = `# {trace_id="${span.traceId}",span_id="${span.spanId}"}`;
  expect(lines.map((line) => line.replace(/ \d+\.\d{3}$/, ''))).toEqual([
    'took_seconds_bucket{le="1e-05"} 0',
    `took_seconds_bucket{le="0.25"} 1 ${exemplar} 0.1`,
    'took_seconds_bucket{le="1.0"} 1',
    'took_seconds_bucket{le="1e+06"} 1',
    'took_seconds_bucket{le="+Inf"} 1',
    'took_seconds_bucket{who="a \\"quoted\\"\\nname\\\\",le="1e-05"} 0',
    'took_seconds_bucket{who="a \\"quoted\\"\\nname\\\\",le="0.25"} 0',
    `took_seconds_bucket{who="a \\"quoted\\"\\nname\\\\",le="1.0"} 1 ${exemplar} 1`,
    'took_seconds_bucket{who="a \\"quoted\\"\\nname\\\\",le="1e+06"} 1',
    'took_seconds_bucket{who="a \\"quoted\\"\\nname\\\\",le="+Inf"} 1',
  ]);
  expect(await scrape()).not.toContain('trace_id');
});

test('a metric of two meters is one family, and no series appears twice', async () => {
  provider.getMeter('one').createCounter('work').add(1, { from: 'one' });
  provider.getMeter('two').createCounter('work').add(2, { from: 'two' });
  provider.getMeter('three').createCounter('work').add(3, { from: 'two' });
  const lines = (await scrape(openMetrics)).split('\n').filter((line) => /^(?:# \w+ )?work/.test(line));
  expect(lines).toEqual(['# TYPE work counter', 'work_total{from="one"} 1', 'work_total{from="two"} 2']);
});

test.each([
  ['text/plain; version=0.0.4; charset=utf-8', undefined],
  ['text/plain; version=0.0.4; charset=utf-8', '*/*'],
  ['application/openmetrics-text; version=1.0.0; charset=utf-8', 'application/openmetrics-text'],
])('answers %s where %s is accepted', async (type, accept) => {
  const response = await fetch(url, { headers: { ...(accept && { accept }) } });
  expect(response.headers.get('content-type')).toBe(type);
});

test.each([
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5',
    true,
  ],
  ['application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4', true],
  ['text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;q=0.2', false],
  ['application/openmetrics-text;version=0.0.1', false],
  ['application/openmetrics-text;q=0', false],
  ['text/html', false],
  ['', false],
])('Accept: %s: OpenMetrics %s', (accept, preferred) => {
  expect(prefersOpenMetrics(accept)).toBe(preferred);
});

test('a failed collection is answered with 500', async () => {
  await sdk.shutdown();
  const another = new UnitNamingPrometheusExporter({ host: '127.0.0.1', port: Number(new URL(url).port) });
  await another.startServer();
  expect((await fetch(url)).status).toBe(500);
  expect((await fetch(url.replace('/metrics', '/other'))).status).toBe(404);
  await another.shutdown();
});
