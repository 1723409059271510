import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { post } from '../../http/in-process.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { freePort, startProcess } from '../../support/service-process.ts';

const run = promisify(execFile);

/** Prints the class of a span of Waymark's own scope, of a span of another scope, and of a log record. */
const PRINT_CLASSES = `
  import { context, logs, trace } from '@opentelemetry/api';
  import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
  let record;
  BatchLogRecordProcessor.prototype.onEmit = (emitted) => { record = emitted; };
  const classOf = (value) => value.constructor.name;
  const spans = ['waymark', 'other'].map((scope) => classOf(trace.getTracer(scope).startSpan('a')));
  logs.getLogger('waymark').emit({ severityNumber: 9, severityText: 'info', body: 'a', attributes: {} });
  process.stdout.write(JSON.stringify([...spans, classOf(record)]), () => process.exit());
`;

test.each([
  ['light by default', {}, ['LightSpan', 'SpanImpl', 'Object']],
  [
    "the SDK's if the setting is false",
    { WAYMARK_LIGHT_TELEMETRY: 'false' },
    ['SpanImpl', 'SpanImpl', 'LogRecordImpl'],
  ],
  [
    "the SDK's if there is a limit on attributes",
    { OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '10' },
    ['SpanImpl', 'SpanImpl', 'LogRecordImpl'],
  ],
])('spans and log records are %s', async (_, settings, classes) => {
  const env = {
    PATH: process.env['PATH'],
    OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    ...settings,
  };
  const args = ['--import', './otel/preload.ts', '--input-type=module', '--eval', PRINT_CLASSES];
  const { stdout } = await run(process.execPath, args, { env });
  expect(JSON.parse(stdout)).toEqual(classes);
});

interface Exported {
  readonly spans: string[];
  readonly logs: string[];
  readonly metrics: (string | undefined)[];
}

/** Returns the exported spans and log records of some requests, without values that differ between two runs. */
async function exported(settings: Record<string, string>): Promise<Exported> {
  const receiver = await startOtlpReceiver();
  const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...settings });
  const predicted = await post(`${service.url}/predict`, { text: 'Win a prize' });
  const { id } = (await predicted.json()) as { id: string };
  await post(`${service.url}/predict/batch`, { texts: ['one', 'two'] });
  await post(`${service.url}/feedback`, { id, label: 'spam' });
  await post(`${service.url}/predict`, { text: 1 });
  const metrics = await (await fetch(service.metricsUrl)).text();
  await service.stop();
  await receiver.close();
  const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
  return { spans: spansOf(receiver), logs: logsOf(receiver), metrics: names.sort() };
}

function spansOf({ spans }: OtlpReceiver): string[] {
  const nameOf = (spanId: string | undefined) => spans.find((span) => span.spanId === spanId)?.name;
  return spans
    .map(({ name, kind, parentSpanId, links = [], attributes }) =>
      JSON.stringify([
        name,
        kind,
        nameOf(parentSpanId),
        links.map(({ spanId }) => nameOf(spanId)),
        Object.keys(attributes),
      ]),
    )
    .sort();
}

function logsOf({ logs }: OtlpReceiver): string[] {
  return logs
    .map(({ body, traceId, attributes }) => JSON.stringify([body, Boolean(traceId), Object.keys(attributes)]))
    .sort();
}

describe('without light telemetry', () => {
  test('a service exports the same spans, log records and metrics', async () => {
    const light = await exported({});
    expect(light.spans.length).toBeGreaterThan(10);
    expect(light.logs.length).toBeGreaterThan(5);
    expect(await exported({ WAYMARK_LIGHT_TELEMETRY: 'false' })).toEqual(light);
  });
});
