import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';
import { GC_SECONDS, type MetricDefinition } from '../metric-definition.ts';
import { ENCODER_METRIC, MODEL_METRIC } from '../model-metrics.ts';
import { METRIC, SCOPE, WORKER_METRIC } from '../names.ts';
import { REMOTE_METRIC } from '../remote-names.ts';

const RUNTIME = '@opentelemetry/instrumentation-runtime-node';
const HOST = '@opentelemetry/instrumentation-host-metrics';

/** The scopes of metrics about one process. With several processes each has series of its own, with the label `worker`. */
export const PER_PROCESS_SCOPES: ReadonlySet<string> = new Set([RUNTIME, HOST]);

/** The metrics that Waymark itself records, with one or several processes. */
export const OWN_METRICS: readonly MetricDefinition[] = [...Object.values(METRIC), ...Object.values(MODEL_METRIC)];

/** The additional metrics with `WORKERS` above 1. */
export const WORKER_METRICS: readonly MetricDefinition[] = Object.values(WORKER_METRIC);

/** The additional metrics with an encoder. */
export const ENCODER_METRICS: readonly MetricDefinition[] = Object.values(ENCODER_METRIC);

/** The additional metrics with a model behind an endpoint. */
export const REMOTE_METRICS: readonly MetricDefinition[] = Object.values(REMOTE_METRIC);

/** All metrics of a service with one process, by the library that records them. */
export const metrics: Readonly<Record<string, readonly MetricDefinition[]>> = {
  [SCOPE]: OWN_METRICS,
  [RUNTIME]: [
    eventLoop('delay.min', 'Event loop minimum delay.'),
    eventLoop('delay.max', 'Event loop maximum delay.'),
    eventLoop('delay.mean', 'Event loop mean delay.'),
    eventLoop('delay.stddev', 'Event loop standard deviation delay.'),
    eventLoop('delay.p50', 'Event loop 50 percentile delay.'),
    eventLoop('delay.p90', 'Event loop 90 percentile delay.'),
    eventLoop('delay.p99', 'Event loop 99 percentile delay.'),
    { ...eventLoop('utilization', 'Event loop utilization'), unit: '1' },
    {
      ...eventLoop('time', 'Cumulative duration of time the event loop has been in each state.'),
      type: 'counter',
      labels: ['nodejs.eventloop.state'],
    },
    {
      name: 'v8js.gc.duration',
      type: 'histogram',
      unit: 's',
      description: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
      labels: ['v8js.gc.type'],
      boundaries: GC_SECONDS,
    },
    heap('memory.heap.space.size', 'up-down counter', 'Total heap memory size pre-allocated for a heap space.'),
    heap('memory.heap.used', 'gauge', 'Heap Memory size allocated.'),
    heap('memory.heap.space.available_size', 'gauge', 'Heap space available size.'),
    heap('memory.heap.space.physical_size', 'gauge', 'Committed size of a heap space.'),
    {
      name: 'v8js.resource.active',
      type: 'gauge',
      unit: '{resource}',
      description: 'Count of the active resources that are currently keeping the event loop alive.',
      labels: ['v8js.resource.type'],
    },
  ],
  [HOST]: [
    {
      name: 'process.cpu.time',
      type: 'counter',
      unit: 's',
      description: 'Process Cpu time in seconds',
      labels: ['cpu.mode'],
    },
    {
      name: 'process.cpu.utilization',
      type: 'gauge',
      unit: '',
      description: 'Process Cpu usage time 0-1',
      labels: ['cpu.mode'],
    },
    {
      name: 'process.memory.usage_bytes',
      type: 'gauge',
      unit: '',
      description: 'Process Memory usage in bytes',
      labels: [],
    },
  ],
  'the OpenTelemetry SDK': [
    ...processorMetrics('span', 'spans', 'span'),
    ...processorMetrics('log', 'log records', 'log'),
    ...exporterMetrics('span'),
    ...exporterMetrics('log'),
    {
      name: 'otel.sdk.exporter.operation.duration',
      type: 'histogram',
      unit: 's',
      description: 'The duration of exporting a batch of telemetry records.',
      labels: [...exporterLabels(), ATTR_HTTP_RESPONSE_STATUS_CODE],
      boundaries: [],
    },
    {
      name: 'otel.sdk.metric_reader.collection.duration',
      type: 'histogram',
      unit: 's',
      description: 'The duration of the collect operation of the metric reader.',
      labels: ['otel.component.type', 'otel.component.name'],
    },
  ],
};

function eventLoop(name: string, description: string): MetricDefinition {
  return { name: `nodejs.eventloop.${name}`, type: 'gauge', unit: 's', description, labels: [] };
}

function heap(name: string, type: 'gauge' | 'up-down counter', description: string): MetricDefinition {
  return { name: `v8js.${name}`, type, unit: 'By', description, labels: ['v8js.heap.space.name'] };
}

function processorMetrics(signal: string, records: string, processor: string): MetricDefinition[] {
  const labels = ['otel.component.type', 'otel.component.name'];
  const name = `otel.sdk.processor.${signal}`;
  const unit = signal === 'span' ? '{span}' : '{log_record}';
  return [
    {
      name: `${name}.processed`,
      type: 'counter',
      unit,
      description: `The number of ${records} for which the processing has finished, either successful or failed.`,
      labels: [...labels, ATTR_ERROR_TYPE],
    },
    {
      name: `${name}.queue.capacity`,
      type: 'up-down counter',
      unit,
      description: `The maximum number of ${records} the queue of a given instance of an SDK ${processor} processor can hold.`,
      labels,
    },
    {
      name: `${name}.queue.size`,
      type: 'up-down counter',
      unit,
      description: `The number of ${records} in the queue of a given instance of an SDK ${processor} processor.`,
      labels,
    },
  ];
}

function exporterMetrics(signal: string): MetricDefinition[] {
  const name = `otel.sdk.exporter.${signal}`;
  return [
    {
      name: `${name}.exported`,
      type: 'counter',
      unit: `{${signal}}`,
      description: `The number of ${signal}s for which the export has finished, either successful or failed.`,
      labels: [...exporterLabels(), ATTR_ERROR_TYPE],
    },
    {
      name: `${name}.inflight`,
      type: 'up-down counter',
      unit: `{${signal}}`,
      description: `The number of ${signal}s which were passed to the exporter, but that have not been exported yet (neither successful, nor failed).`,
      labels: exporterLabels(),
    },
  ];
}

function exporterLabels(): string[] {
  return ['otel.component.type', 'otel.component.name', ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT];
}
