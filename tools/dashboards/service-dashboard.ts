import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { createDashboard, instanceVariable, MODEL_VARIABLE, VERSION_VARIABLE } from './dashboard.ts';
import { libraryMetric, OWN } from './metric-names.ts';
import { ALERT_LIMIT, PREDICTION_SECONDS_LIMIT, SERVICE_OBJECTIVES } from './objectives.ts';
import { budgets, table, timeSeries } from './panels.ts';
import { INSTANCE, MODEL, ofSpansFrom, quantile, SERVICE, select, sumRate, VERSION } from './selectors.ts';

const REQUESTS = `${OWN.requestDuration}_count`;
const PREDICT = [SERVICE, INSTANCE, 'http_route="/predict"'];
const PREDICTIONS = [SERVICE, INSTANCE, MODEL, VERSION];
const QUANTILES = [0.5, 0.95, 0.99];

const { availability, latency } = SERVICE_OBJECTIVES;

/** Returns the dashboard of the service: rate, errors, duration and saturation. */
export function serviceDashboard(): Dashboard {
  return createDashboard({
    name: 'service',
    title: 'service',
    description: 'Rate, errors, duration and saturation. A dot on a duration is a request: it leads to its trace.',
    variables: [MODEL_VARIABLE, VERSION_VARIABLE, instanceVariable(select(OWN.modelInfo, SERVICE))],
    models: [MODEL],
    rows: [
      { title: 'Rate and errors', panels: [...ratePanels(), ...objectivePanels()] },
      { title: 'Duration', panels: durationPanels() },
      { title: 'Saturation', panels: saturationPanels() },
    ],
  });
}

function ratePanels() {
  return [
    timeSeries({ id: 2, title: 'Requests', description: 'By route', unit: 'reqps', width: 8 }, [
      sumRate(select(REQUESTS, SERVICE, INSTANCE), 'http_route'),
      '{{http_route}}',
    ]),
    timeSeries({ id: 3, title: 'Predictions', description: 'By predicted label', unit: 'ops', width: 8 }, [
      sumRate(select(OWN.predictions, ...PREDICTIONS), 'label'),
      '{{label}}',
    ]),
    timeSeries(
      {
        id: 4,
        title: 'Problems',
        description: 'By type: what requests were refused or failed for',
        unit: 'ops',
        width: 8,
      },
      [sumRate(select(OWN.errors, SERVICE, INSTANCE), 'error_type'), '{{error_type}}'],
    ),
  ];
}

function objectivePanels() {
  return [
    timeSeries(
      {
        id: 5,
        title: 'Failing requests',
        description:
          'Share answered with a fault of the service, over the windows of the alert. The line is the objective',
        unit: 'percentunit',
        width: 8,
        min: 0,
        limit: availability.allowed,
      },
      ['classifier:http_failures:ratio5m', '5 minutes'],
      ['classifier:http_failures:ratio1h', '1 hour'],
      ['classifier:http_failures:ratio6h', '6 hours'],
    ),
    timeSeries(
      {
        id: 6,
        title: 'Late predictions',
        description: 'Share that took longer than 25 ms, over the windows of the alert. The line is the objective',
        unit: 'percentunit',
        width: 8,
        min: 0,
        limit: latency.allowed,
      },
      ['classifier:http_late:ratio5m', '5 minutes'],
      ['classifier:http_late:ratio1h', '1 hour'],
      ['classifier:http_late:ratio6h', '6 hours'],
    ),
    budgets(
      {
        id: 18,
        title: 'Error budget left',
        description:
          'Of the last 14 days: 100 % if nothing has failed, below 0 if more has failed than the objective allows',
        width: 8,
      },
      [availability.budget, availability.title],
      [latency.budget, latency.title],
    ),
    timeSeries(
      { id: 7, title: 'Throughput', description: 'Predictions a second, by version', unit: 'ops', width: 24 },
      [select('classifier:throughput:rate', MODEL, VERSION), '{{version}}'],
    ),
  ];
}

function durationPanels() {
  return [
    timeSeries(
      {
        id: 9,
        title: 'Request',
        description: 'POST /predict, from the first byte to the last. The line is the limit of the objective',
        unit: 's',
        width: 12,
        limit: PREDICTION_SECONDS_LIMIT,
        exemplars: true,
      },
      ...QUANTILES.map((q) => [quantile(q, OWN.requestDuration, PREDICT), `p${q * 100}`] as const),
    ),
    timeSeries(
      { id: 10, title: 'Prediction', description: 'Tokenise and score', unit: 's', width: 12, exemplars: true },
      ...QUANTILES.map((q) => [quantile(q, OWN.predictionDuration, PREDICTIONS), `p${q * 100}`] as const),
    ),
    timeSeries(
      {
        id: 11,
        title: 'Prediction, by version',
        description: 'As the recording rules have it, over 5 minutes',
        unit: 's',
        width: 12,
      },
      ...['p50', 'p95', 'p99'].map(
        (name) => [select(`classifier:latency:${name}`, MODEL, VERSION), `${name} {{version}}`] as const,
      ),
    ),
    timeSeries(
      { id: 12, title: 'Where the time goes', description: 'Spans, by name, 95th percentile', unit: 's', width: 12 },
      [spanQuantile(), '{{span_name}}'],
    ),
  ];
}

function spanQuantile(): string {
  const rates = ofSpansFrom('rate(traces_span_metrics_duration_seconds_bucket[$__rate_interval])', SERVICE);
  return `histogram_quantile(0.95, sum by (le, span_name) (${rates}))`;
}

function saturationPanels() {
  return [
    timeSeries({ id: 14, title: 'Requests in progress', unit: 'short', width: 6 }, [
      `sum by (instance) (${select(OWN.activeRequests, SERVICE, INSTANCE)})`,
      '{{instance}}',
    ]),
    timeSeries(
      {
        id: 15,
        title: 'Event loop',
        description: 'Share of the time in which it was busy',
        unit: 'percentunit',
        width: 6,
        min: 0,
        max: 1,
      },
      [select(libraryMetric('nodejs.eventloop.utilization'), SERVICE, INSTANCE), '{{instance}} {{worker}}'],
    ),
    timeSeries(
      {
        id: 16,
        title: 'CPU',
        description: 'Cores in use by each process. The line is the limit of the alert',
        unit: 'short',
        width: 6,
        limit: ALERT_LIMIT.cores,
      },
      [
        sumRate(select(libraryMetric('process.cpu.time'), SERVICE, INSTANCE), 'instance', 'worker'),
        '{{instance}} {{worker}}',
      ],
    ),
    table(
      { id: 17, title: 'Models', description: 'What is loaded, in which role', unit: 'short', width: 6 },
      select(OWN.modelInfo, SERVICE, INSTANCE),
      {
        id: 'organize',
        options: { excludeByName: { Time: true, Value: true, __name__: true, job: true, instance: true } },
      },
    ),
  ];
}
