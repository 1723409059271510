import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const PROJECT = join(import.meta.dirname, '../..');
const RULES = join(PROJECT, 'otel/prometheus/rules');

const alertSchema = z.object({
  alert: z.string(),
  labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({
    summary: z.string(),
    description: z.string(),
    runbook_url: z.string(),
    compare_url: z.string().optional(),
  }),
});
const configurationSchema = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.string()) }),
  alerting: z.object({ alert_relabel_configs: z.array(z.unknown()) }),
});
const rulesSchema = z.object({ groups: z.array(z.object({ rules: z.array(z.unknown()) })) });

const alerts = readdirSync(RULES)
  .filter((file) => file.startsWith('alerts-'))
  .flatMap((file) => rulesSchema.parse(parse(readFileSync(join(RULES, file), 'utf8'))).groups)
  .flatMap(({ rules }) => rules)
  .map((rule) => alertSchema.parse(rule));
const runbooks = readFileSync(join(PROJECT, 'docs/runbooks.md'), 'utf8');
const tests = readdirSync(join(PROJECT, 'otel/prometheus/tests'))
  .map((file) => readFileSync(join(PROJECT, 'otel/prometheus/tests', file), 'utf8'))
  .join();

describe.each(alerts)('the alert $alert ($labels.severity)', ({ alert, labels, annotations }) => {
  test('links to its section in the runbooks', () => {
    expect(annotations.runbook_url).toBe(
      `{{ or $externalLabels.runbooks_url "docs/runbooks.md" }}#${alert.toLowerCase()}`,
    );
    expect(runbooks).toContain(`\n## ${alert}\n`);
  });

  test('has a test case in which it fires', () => {
    expect(tests).toContain(`{alertname="${alert}", severity="${labels.severity}"}`);
  });
});

test('every section of the runbooks belongs to an alert', () => {
  const sections = [...runbooks.matchAll(/^## (\w+)$/gm)].map(([, name]) => name);
  expect(sections.toSorted()).toEqual([...new Set(alerts.map(({ alert }) => alert))].toSorted());
});

test('the links to Compare in the runbooks are those of the alerts', () => {
  const rows = [...runbooks.matchAll(/^\| ([\w, ()]+) \| `http:\/\/localhost:3000(\/#\/compare\?[^`]+)` \|$/gm)];
  const listed = rows.flatMap(([, names = '', link]) => names.split(', ').map((name) => `${name}: ${link}`));
  const severities = Map.groupBy(alerts, ({ alert }) => alert);
  const annotated = alerts.flatMap(({ alert, labels, annotations: { compare_url: url } }) => {
    const [, link, until] =
      /^\{\{ with \$externalLabels\.console_url \}\}\{\{ \. \}\}(.*)(&until=.*)\{\{ end \}\}$/.exec(url ?? '') ?? [];
    const name = severities.get(alert)!.length > 1 ? `${alert} (${labels.severity})` : alert;
    if (url === undefined) return [];
    expect(until).toBe('&until={{ query "vector(time())" | first | value | printf "%.0f" }}');
    return [`${name}: ${link}`];
  });
  expect(listed.length).toBeGreaterThan(5);
  expect(listed.toSorted()).toEqual(annotated.toSorted());
});

test('the addresses of the links are external labels, and no labels of alerts', () => {
  const configuration = readFileSync(join(PROJECT, 'otel/prometheus/prometheus.yml'), 'utf8');
  const variable = (name: string) => `\${${name}}`;
  expect(configurationSchema.parse(parse(configuration))).toEqual({
    global: { external_labels: { runbooks_url: variable('RUNBOOKS_URL'), console_url: variable('CONSOLE_URL') } },
    alerting: { alert_relabel_configs: [{ action: 'labeldrop', regex: 'runbooks_url|console_url' }] },
  });
});
