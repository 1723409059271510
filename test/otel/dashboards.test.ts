import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GATEWAY_METRIC } from '../../src/gateway/telemetry.ts';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { METRIC, SCOPE } from '../../src/telemetry/names.ts';
import { metrics, WORKER_METRICS } from '../../src/telemetry/registry/metrics.ts';
import { changesOfVersion } from '../../tools/dashboards/dashboard.ts';
import { dashboardFiles } from '../../tools/dashboards/dashboard-files.ts';
import { ALERT_LIMIT, GATEWAY_OBJECTIVES, SERVICE_OBJECTIVES } from '../../tools/dashboards/objectives.ts';
import { annotationQueries, dashboardQueries, dashboards, metricNames, rules } from './promql.ts';

const OTEL = join(import.meta.dirname, '../../otel');

const recorded = new Set(rules.map(({ record }) => record));
const registered = new Set(
  [...Object.values(metrics).flat(), ...WORKER_METRICS, ...Object.values(GATEWAY_METRIC)].map((metric) =>
    prometheusName(metric),
  ),
);
/** Metrics of the pipeline, of Prometheus about targets and alerts, and of `fetch` in the gateway. */
const OTHER_METRICS =
  /^(otelcol_\w+|traces_span_metrics_\w+|target_info|up|ALERTS|http_client_request_duration_seconds_\w+)$/;
const isRegistered = (name: string) =>
  registered.has(name) || registered.has(name.replace(/_(bucket|sum|count)$/, '')) || OTHER_METRICS.test(name);

test('metricNames finds exactly the names of metrics in a query', () => {
  expect(
    metricNames(
      'sum by (le, x) (rate(a_total{b="c", d=~"e"}[5m] offset 1h)) / on (m) group_left () f:g:h > 2 or vector(1e-4)',
    ),
  ).toEqual(['a_total', 'f:g:h']);
});

test.each([...dashboardFiles()])('%s is current: npm run docs', (file, content) => {
  expect(readFileSync(join(OTEL, 'grafana/dashboards', file), 'utf8')).toBe(content);
});

test('the changes of version that dashboards mark are tested by promtool', () => {
  const cases = readFileSync(join(OTEL, 'prometheus/tests/roles.yml'), 'utf8');
  expect(cases).toContain(`'${changesOfVersion([])}'`);
});

test('all dashboards are generated', () => {
  expect(dashboards.map(({ file }) => file)).toEqual([...dashboardFiles().keys()]);
});

describe.each(dashboards)('the dashboard $file', ({ file, dashboard }) => {
  test('has a unique uid from its file name', () => {
    expect(dashboard.uid).toBe(`waymark-${file.replace('.json', '')}`);
  });

  test('uses only the provisioned data source', () => {
    const provisioned = readFileSync(join(OTEL, 'grafana/provisioning/datasources/datasources.yml'), 'utf8');
    for (const { datasource } of dashboard.panels) {
      if (datasource) expect(provisioned).toContain(`uid: ${datasource.uid}\n`);
    }
  });

  test('has a choice of instances, and marks alerts and changes of version', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toContain('instance');
    expect(dashboard.annotations.list.map(({ name }) => name)).toEqual(['Alerts', 'Changes of version']);
  });

  test('has unique panel ids, and a query in each panel except rows', () => {
    const ids = dashboard.panels.map(({ id }) => id).filter((id) => id !== undefined);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(8);
    for (const { type, title, targets } of dashboard.panels) {
      expect(targets.length > 0, title).toBe(type !== 'row');
    }
  });
});

const queries = [
  ...dashboardQueries,
  ...annotationQueries,
  ...rules.map(({ file, record, alert, query }) => ({ where: `${file}: ${record ?? alert}`, query })),
];

test.each(queries)('$where reads only recorded or registered metrics', ({ query }) => {
  for (const name of metricNames(query)) {
    if (name.includes(':')) expect(recorded).toContain(name);
    else expect(isRegistered(name), name).toBe(true);
  }
});

test('the dashboards are in the folder of the provisioning and of docker-compose.yml', () => {
  const provider = readFileSync(join(OTEL, 'grafana/provisioning/dashboards/dashboards.yml'), 'utf8');
  const [, path] = /path: (\S+)/.exec(provider) ?? [];
  expect(readFileSync(join(OTEL, '../docker-compose.yml'), 'utf8')).toContain(`./otel/grafana/dashboards:${path}:ro`);
});

describe('the service and the mail gateway', () => {
  /** The metrics that both have. */
  const shared = [
    ...Object.entries(metrics).flatMap(([recorder, group]) => (recorder === SCOPE ? [] : group)),
    METRIC.requestDuration,
    METRIC.activeRequests,
    METRIC.droppedLogLines,
  ].map(prometheusName);
  const selector = new RegExp(`\\b(?:${shared.join('|')})(?:_bucket|_count|_sum)?\\b(\\{[^}]*\\})?`, 'g');
  const reading = queries.filter(({ query }) => query.match(selector) !== null);

  test('have metrics of the same names in many queries', () => {
    expect(reading.length).toBeGreaterThan(30);
  });

  test.each(reading)('are selected, or kept apart, by job in $where', ({ query }) => {
    if (/\bby \(job, instance\b/.test(query)) return;
    for (const [text, matchers = ''] of query.matchAll(selector)) expect(matchers, text).toMatch(/\bjob=~?"/);
  });
});

describe('the objective behind', () => {
  const objectives = [...Object.values(SERVICE_OBJECTIVES), ...Object.values(GATEWAY_OBJECTIVES)];
  const lines = dashboards.flatMap(({ dashboard }) =>
    dashboard.panels.flatMap(({ title, fieldConfig, targets }) =>
      fieldConfig?.defaults.custom?.thresholdsStyle?.mode === 'dashed'
        ? [
            {
              title,
              value: fieldConfig.defaults.thresholds?.steps.at(-1)?.value,
              queries: targets.map(({ expr }) => expr),
            },
          ]
        : [],
    ),
  );

  test.each(objectives)('$alert is that of its alerts, its budget and a line', ({ alert, allowed, budget }) => {
    const alerts = rules.filter((rule) => rule.alert === alert);
    expect(alerts.length).toBe(2);
    for (const { query } of alerts) expect(query).toContain(` * ${allowed} and `);
    const [ratio = ''] = /\w+:\w+:ratio/.exec(alerts[0]!.query) ?? [];
    expect(rules.find(({ record }) => record === budget)?.query).toMatch(new RegExp(` / ${allowed}\\s*$`));
    expect(dashboardQueries.map(({ query }) => query)).toContain(budget);
    const line = lines.find(({ queries: shown }) => shown.some((query) => query.startsWith(ratio)));
    expect(line?.value, ratio).toBe(allowed);
  });

  test.each([
    ['ModelDrift', '> 0.2', ALERT_LIMIT.drift],
    ['AnomalyShareHigh', '> 0.2', ALERT_LIMIT.anomalies],
    ['EventLoopDelayed', '> 0.1', ALERT_LIMIT.eventLoopDelay],
    ['CpuSaturated', '> 0.9', ALERT_LIMIT.cores],
    ['TelemetryQueueFilling', '> 0.5', ALERT_LIMIT.queue],
  ])('%s is the limit of a line', (alert, condition, limit) => {
    expect(rules.find((rule) => rule.alert === alert)?.query).toContain(condition);
    expect(Number(condition.replace('> ', ''))).toBe(limit);
    expect(lines.map(({ value }) => value)).toContain(limit);
  });
});
