import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GATEWAY_METRIC } from '../../src/gateway/telemetry.ts';
import { metrics, WORKER_METRICS } from '../../src/telemetry/registry/metrics.ts';
import { prometheusName } from '../../tools/telemetry-document.ts';
import { dashboardQueries, dashboards, metricNames, rules } from './promql.ts';

const OTEL = join(import.meta.dirname, '../../otel');

const recorded = new Set(rules.map(({ record }) => record));
const registered = new Set(
  [...Object.values(metrics).flat(), ...WORKER_METRICS, ...Object.values(GATEWAY_METRIC)].map((metric) =>
    prometheusName(metric),
  ),
);
/** Metrics of the pipeline, of Prometheus about targets and alerts, and of `fetch` in the gateway. */
const OTHER_METRICS = /^(otelcol_\w+|traces_span_metrics_\w+|up|ALERTS|http_client_request_duration_seconds_\w+)$/;
const isRegistered = (name: string) =>
  registered.has(name) || registered.has(name.replace(/_(bucket|sum|count)$/, '')) || OTHER_METRICS.test(name);

test('metricNames finds exactly the names of metrics in a query', () => {
  expect(
    metricNames(
      'sum by (le, x) (rate(a_total{b="c", d=~"e"}[5m] offset 1h)) / on (m) group_left () f:g:h > 2 or vector(1e-4)',
    ),
  ).toEqual(['a_total', 'f:g:h']);
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
