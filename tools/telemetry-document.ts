import type { MetricDefinition } from '../src/telemetry/metric-definition.ts';
import { prometheusName, sanitizeName } from '../src/telemetry/metrics/prometheus-names.ts';
import { attributes } from '../src/telemetry/registry/attributes.ts';
import type { AttributeDefinition } from '../src/telemetry/registry/endpoint-attributes.ts';
import {
  failureLogRecords,
  logRecords,
  memoryLogRecords,
  modelStoreLogRecords,
  remoteLogRecords,
  tokenLogRecords,
  workerLogRecords,
} from '../src/telemetry/registry/log-records.ts';
import { ENCODER_METRICS, metrics, REMOTE_METRICS, WORKER_METRICS } from '../src/telemetry/registry/metrics.ts';
import {
  ENCODER_SPAN_DEFINITIONS,
  REMOTE_SPAN_DEFINITIONS,
  SPAN_DEFINITIONS,
} from '../src/telemetry/registry/spans.ts';

const METRICS_WITH_EXEMPLARS = ['http_server_request_duration_seconds', 'classifier_prediction_duration_seconds'];

/** Returns the content of `docs/telemetry.md`: all spans, log records, attributes and metrics of the registry. */
export function telemetryDocument(): string {
  return `${[
    '# Telemetry',
    'All spans, log records and metrics of Waymark. `npm run docs` generates this page from `src/telemetry/registry/`. A test runs the ' +
      'whole service. It fails if the service emits anything that is not listed here, or does not emit something that is.',
    '## Spans',
    table(
      ['span', 'kind', 'meaning', 'attributes'],
      [...SPAN_DEFINITIONS, ...ENCODER_SPAN_DEFINITIONS, ...REMOTE_SPAN_DEFINITIONS].map(
        ({ name, kind, description, attributes: names, optionalAttributes = [] }) => [
          code(name),
          kind,
          description,
          codes([...names, ...optionalAttributes]),
        ],
      ),
    ),
    'Each prediction has one `classify` span, a child of the server span. `tokenize` and `score` are children of `classify`. ' +
      'Waymark keeps only the sampling probability (`ot=th:…;rv:…`) of an incoming `tracestate`.',
    '## Log records',
    'Each record is one line of JSON on stdout and one OTLP log record. Records about a request have its `trace_id` and `span_id`.',
    table(
      ['record', 'attributes'],
      Object.entries({
        ...logRecords,
        ...memoryLogRecords,
        ...workerLogRecords,
        ...tokenLogRecords,
        ...remoteLogRecords,
        ...modelStoreLogRecords,
        ...failureLogRecords,
      }).map(([body, names]) => [code(body), codes(names)]),
    ),
    '## Attributes',
    table(
      ['attribute', 'type', 'meaning'],
      [...attributes.values()].map((definition) => [code(definition.name), typeOf(definition), definition.description]),
    ),
    '## Metrics',
    'The names are those in Prometheus. They are the same for a scrape of the service (`:9464/metrics`) and of the Collector. ' +
      'The name of a counter ends in `_total`. A histogram has the series `_bucket`, `_count` and `_sum`.',
    'Beyond 2,000 series of a metric, further label values are counted in one series with the label `otel_metric_overflow="true"`, ' +
      'so that sums stay exact. The alert `MetricOverflow` reports it. Counters that are read from a store have no limit.',
    'The series with the labels `model` and `version` end an hour after the version was last in use: it has no role, has left memory ' +
      '([roles](roles.md#memory)), and gets no feedback. If it is used again, its counters start at 0, and those of the feedback store continue.',
    ...Object.entries(metrics).flatMap(([recorder, definitions]) => [
      `### Recorded by ${recorder}`,
      table(['metric', 'type', 'labels', 'meaning'], definitions.map(metricRow)),
    ]),
    '### With an encoder',
    table(['metric', 'type', 'labels', 'meaning'], ENCODER_METRICS.map(metricRow)),
    '### With a model behind an endpoint',
    table(['metric', 'type', 'labels', 'meaning'], REMOTE_METRICS.map(metricRow)),
    '### With several processes (`WORKERS`)',
    table(['metric', 'type', 'labels', 'meaning'], WORKER_METRICS.map(metricRow)),
    'The supervisor exposes the metrics of all workers together ([several processes](observability.md#several-processes)). Metrics ' +
      'about one process (`process_*`, `nodejs_*`, `v8js_*`) also have the label `worker`: its index, starting at 1, or `supervisor`.',
    `${codes(METRICS_WITH_EXEMPLARS)} have exemplars. Each bucket of a series has the slowest sampled measurement of the last 30 to ` +
      '60 s, with its `trace_id` and `span_id`. Exemplars need the OpenMetrics format: request it with `Accept`.',
    'Lost telemetry is counted in `otel_sdk_processor_span_processed_total` and `otel_sdk_processor_log_processed_total` with an ' +
      '`error_type` (`queue_full` for a full queue), and in `log_lines_dropped_total`. The exporters also count a failed attempt ' +
      'with an `error_type`. Such an attempt is repeated, so it is not a loss.',
  ].join('\n\n')}\n`;
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
