import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { createDashboard, instanceVariable, type Variable } from './dashboard.ts';
import { libraryMetric } from './metric-names.ts';
import { ALERT_LIMIT } from './objectives.ts';
import { stat, timeSeries } from './panels.ts';
import { CHOSEN_JOB, INSTANCE, select, sumRate } from './selectors.ts';

const SELECTED = [CHOSEN_JOB, INSTANCE];

/** The metric that every process of the service and of the gateway has. */
const MEMORY = libraryMetric('process.memory.usage_bytes');

const JOB: Variable = { name: 'job', label: 'Service', selector: MEMORY, multiple: true };

const library = (name: string) => select(libraryMetric(name), ...SELECTED);

/** Returns the dashboard of the processes and of the telemetry pipeline. */
export function runtimeDashboard(): Dashboard {
  return createDashboard({
    name: 'runtime',
    title: 'runtime and telemetry',
    description: 'The processes, and whether what they tell arrives.',
    variables: [JOB, instanceVariable(select(MEMORY, CHOSEN_JOB))],
    models: [],
    rows: [
      { title: 'Alerts and targets', panels: alertPanels() },
      { title: 'Service processes', panels: processPanels() },
      { title: 'Telemetry', panels: [...sdkPanels(), ...collectorPanels()] },
    ],
  });
}

function alertPanels() {
  return [
    stat({ id: 2, title: 'Targets', description: '1 is up', unit: 'short', width: 12, height: 6 }, [
      'up',
      '{{job}} {{instance}}',
    ]),
    timeSeries({ id: 3, title: 'Firing alerts', unit: 'short', width: 12, height: 6, min: 0 }, [
      'count by (alertname) (ALERTS{alertstate="firing"}) or vector(0)',
      '{{alertname}}',
    ]),
  ];
}

function processPanels() {
  const delays = ['p50', 'p99', 'max'].map((name) => {
    const delay = library(`nodejs.eventloop.delay.${name}`);
    return [`max by (instance) (${delay})`, `${name === 'max' ? 'longest' : name} {{instance}}`] as const;
  });
  return [
    timeSeries(
      {
        id: 5,
        title: 'Heap in use',
        description: 'After garbage collection the floor shows; a leak lifts it',
        unit: 'bytes',
        width: 8,
        min: 0,
      },
      [select('classifier:heap_used:bytes', ...SELECTED), '{{instance}} {{worker}}'],
    ),
    timeSeries({ id: 6, title: 'Heap, by space', unit: 'bytes', width: 8, min: 0 }, [
      `sum by (v8js_heap_space_name) (${library('v8js.memory.heap.used')})`,
      '{{v8js_heap_space_name}}',
    ]),
    timeSeries({ id: 7, title: 'Memory of the process', unit: 'bytes', width: 8, min: 0 }, [
      select(MEMORY, ...SELECTED),
      '{{instance}} {{worker}}',
    ]),
    timeSeries(
      { id: 8, title: 'Garbage collection', description: 'Share of the time', unit: 'percentunit', width: 8, min: 0 },
      [sumRate(select(`${libraryMetric('v8js.gc.duration')}_sum`, ...SELECTED), 'v8js_gc_type'), '{{v8js_gc_type}}'],
    ),
    timeSeries(
      {
        id: 9,
        title: 'Event-loop delay',
        description: 'The line is the limit of the alert, for p99',
        unit: 's',
        width: 8,
        min: 0,
        limit: ALERT_LIMIT.eventLoopDelay,
      },
      ...delays,
    ),
    timeSeries({ id: 10, title: 'CPU', description: 'Cores in use, by mode', unit: 'short', width: 8, min: 0 }, [
      sumRate(library('process.cpu.time'), 'instance', 'cpu_mode'),
      '{{cpu_mode}} {{instance}}',
    ]),
  ];
}

function sdkPanels() {
  return [
    timeSeries(
      {
        id: 12,
        title: 'Spans of the service',
        description: 'Handed over to the Collector',
        unit: 'ops',
        width: 8,
      },
      [sumRate(library('otel.sdk.exporter.span.exported'), 'instance'), '{{instance}}'],
    ),
    timeSeries(
      {
        id: 13,
        title: 'Queue of the SDK',
        description: 'What waits to be sent; what finds it full is dropped',
        unit: 'short',
        width: 8,
        min: 0,
      },
      [library('otel.sdk.processor.span.queue.size'), 'spans {{instance}}'],
      [library('otel.sdk.processor.span.queue.capacity'), 'room {{instance}}'],
    ),
    timeSeries(
      { id: 14, title: 'Spans processed', description: 'With an error type: dropped', unit: 'ops', width: 8 },
      [sumRate(library('otel.sdk.processor.span.processed'), 'error_type'), '{{error_type}}'],
    ),
  ];
}

/** The metrics of the Collector. Only the Collector has them, so they need no job. */
function collectorPanels() {
  return [
    timeSeries(
      { id: 15, title: 'Collector: sent', unit: 'ops', width: 8 },
      [sumRate('otelcol_exporter_sent_spans_total', 'exporter'), '{{exporter}}, spans'],
      [sumRate('otelcol_exporter_sent_log_records_total', 'exporter'), '{{exporter}}, log records'],
      [sumRate('otelcol_exporter_sent_metric_points_total', 'exporter'), '{{exporter}}, metric points'],
    ),
    timeSeries(
      {
        id: 16,
        title: 'Collector: queues',
        description: 'Share in use. The line is the limit of the alert',
        unit: 'percentunit',
        width: 8,
        min: 0,
        limit: ALERT_LIMIT.queue,
      },
      ['otelcol_exporter_queue_size / otelcol_exporter_queue_capacity', '{{exporter}} {{data_type}}'],
    ),
    timeSeries({ id: 17, title: 'Collector: memory', unit: 'bytes', width: 8, min: 0 }, [
      'otelcol_process_memory_rss_bytes',
      '{{instance}}',
    ]),
  ];
}
