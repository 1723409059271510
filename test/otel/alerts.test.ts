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
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
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
    expect(annotations.runbook_url).toBe(`docs/runbooks.md#${alert.toLowerCase()}`);
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
