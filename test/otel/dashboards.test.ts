import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { GATEWAY_METRIC } from '../../src/gateway/telemetry.ts';
import { metrics, WORKER_METRICS } from '../../src/telemetry/registry/metrics.ts';
import { prometheusName } from '../../tools/docs/telemetry-document.ts';
import { dashboardQueries, dashboards, metricNames, rules } from './promql.ts';

const OTEL = join(import.meta.dirname, '../../otel');

const recorded = new Set(rules.map(({ record }) => record));
const registered = new Set(
  [...Object.values(metrics).flat(), ...WORKER_METRICS, ...Object.values(GATEWAY_METRIC)].map((metric) =>
    prometheusName(metric),
  ),
);
/** What the pipeline says of itself, Prometheus of its targets and alerts, and `fetch` of the gateway's calls. */
const OTHERS = /^(otelcol_\w+|traces_span_metrics_\w+|up|ALERTS|http_client_request_duration_seconds_\w+)$/;
const isRegistered = (name: string) =>
  registered.has(name) || registered.has(name.replace(/_(bucket|sum|count)$/, '')) || OTHERS.test(name);

test('names of metrics are found in a query, and nothing else is', () => {
  expect(
    metricNames(
      'sum by (le, x) (rate(a_total{b="c", d=~"e"}[5m] offset 1h)) / on (m) group_left () f:g:h > 2 or vector(1e-4)',
    ),
  ).toEqual(['a_total', 'f:g:h']);
});

describe.each(dashboards)('the dashboard $file', ({ file, dashboard }) => {
  test('can be linked to by its file name, and by nothing that another has', () => {
    expect(dashboard.uid).toBe(`waymark-${file.replace('.json', '')}`);
  });

  test('reads the data source that is provisioned', () => {
    const provisioned = readFileSync(join(OTEL, 'grafana/provisioning/datasources/datasources.yml'), 'utf8');
    for (const { datasource } of dashboard.panels) {
      if (datasource) expect(provisioned).toContain(`uid: ${datasource.uid}\n`);
    }
  });

  test('numbers its panels, and each with a query says something', () => {
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

test.each(queries)('$where reads only what is recorded, or registered as telemetry', ({ query }) => {
  for (const name of metricNames(query)) {
    if (name.includes(':')) expect(recorded).toContain(name);
    else expect(isRegistered(name), name).toBe(true);
  }
});

test('the dashboards are where the provisioning and docker-compose.yml say', () => {
  const provider = readFileSync(join(OTEL, 'grafana/provisioning/dashboards/dashboards.yml'), 'utf8');
  const [, path] = /path: (\S+)/.exec(provider) ?? [];
  expect(readFileSync(join(OTEL, '../docker-compose.yml'), 'utf8')).toContain(`./otel/grafana/dashboards:${path}:ro`);
});
