import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { nameWithUnit, sanitizeName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { type AttributeDefinition, attributes } from '../../src/telemetry/registry/attributes.ts';
import { failureLogRecords, logs, workerLogRecords } from '../../src/telemetry/registry/log-records.ts';
import { metrics, WORKER_METRICS } from '../../src/telemetry/registry/metrics.ts';
import { spans } from '../../src/telemetry/registry/spans.ts';

/** A metric's name as Prometheus shows it. */
export function prometheusName({ name, type, unit }: MetricDefinition): string {
  const sanitized = sanitizeName(nameWithUnit(name, unit, type === 'gauge'));
  return type === 'counter' ? `${sanitized}_total` : sanitized;
}

/** `docs/telemetry.md`: every span, log record, attribute and metric, from the registry. */
export function telemetryDocument(): string {
  return `${[
    '# Telemetry',
    'Everything that Waymark tells of itself. Generated from `src/monitoring/registry/` by `npm run docs`; a test runs the whole ' +
      'service and fails on anything emitted that is not here, and on anything here that is not emitted.',
    '## Spans',
    table(
      ['span', 'kind', 'what', 'attributes'],
      spans.map(({ name, kind, description, attributes: names }) => [code(name), kind, description, codes(names)]),
    ),
    'A `classify` span is a child of its server span, one for each prediction; `tokenize` and `score` are children of `classify`. ' +
      'Of an incoming `tracestate` only the sampling probability (`ot=th:…;rv:…`) is kept.',
    '## Log records',
    'One JSON object a line on stdout and one OTLP log record, with `trace_id` and `span_id` where a request is served.',
    table(
      ['record', 'attributes'],
      Object.entries({ ...logs, ...workerLogRecords, ...failureLogRecords }).map(([body, names]) => [
        code(body),
        codes(names),
      ]),
    ),
    '## Attributes',
    table(
      ['attribute', 'type', 'what'],
      [...attributes.values()].map((definition) => [code(definition.name), typeOf(definition), definition.description]),
    ),
    '## Metrics',
    'By the name that Prometheus shows, whether it asks the service (`:9464/metrics`) or the Collector. A counter ends in `_total`; ' +
      'a histogram has `_bucket`, `_count` and `_sum`.',
    ...Object.entries(metrics).flatMap(([recorder, definitions]) => [
      `### Recorded by ${recorder}`,
      table(['metric', 'type', 'labels', 'what'], definitions.map(metricRow)),
    ]),
    '### With several processes (`WORKERS`)',
    table(['metric', 'type', 'labels', 'what'], WORKER_METRICS.map(metricRow)),
    'Metrics are then told by the supervisor, for all workers together ([how](observability.md#several-processes)). What describes one ' +
      'process (`process_*`, `nodejs_*`, `v8js_*`) has a label `worker` more: its number from 1 on, or `supervisor`.',
    `${codes(exemplary())} carry exemplars: of each bucket and series the slowest sampled measurement of the last one to two ` +
      'windows of 30 s, with the `trace_id` and `span_id` to open it by. Who wants them asks for OpenMetrics by `Accept`.',
    'What was lost: `otel_sdk_processor_span_processed_total` and `otel_sdk_processor_log_processed_total` with an `error_type` ' +
      '(`queue_full` where the queue was full). The exporters count an attempt that fails and is repeated as exported with an ' +
      '`error_type` too: that is trouble, not loss.',
  ].join('\n\n')}\n`;
}

function exemplary(): string[] {
  return ['http_server_request_duration_seconds', 'classifier_prediction_duration_seconds'];
}

function metricRow(metric: MetricDefinition): string[] {
  return [code(prometheusName(metric)), metric.type, codes(metric.labels.map(sanitizeName)), metric.description];
}

function typeOf({ type, unit }: AttributeDefinition): string {
  return unit === undefined ? type : `${type}, ${code(unit)}`;
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function codes(names: readonly string[]): string {
  return names.map(code).join(', ');
}

function code(name: string): string {
  return `\`${name}\``;
}
