import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const OTEL = join(import.meta.dirname, '../../otel');
const text = (path: string) => readFileSync(join(OTEL, path), 'utf8');

const routingSchema = z.object({
  route: z.object({
    routes: z.array(
      z.object({ matchers: z.array(z.string()).optional(), receiver: z.string(), continue: z.boolean().optional() }),
    ),
  }),
});
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string() })) })),
});

const { routes } = routingSchema.parse(parse(text('alertmanager/alertmanager.yml'))).route;

test('the service gets every alert about a model, and people get it too', () => {
  const alerts = rulesSchema
    .parse(parse(text('prometheus/rules/alerts-model.yml')))
    .groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const [first] = routes;
  const [, names = ''] = /^alertname=~"(.*)"$/.exec(first?.matchers?.[0] ?? '') ?? [];
  expect(first).toMatchObject({ receiver: 'maintenance', continue: true });
  expect(names.split('|').toSorted()).toEqual(alerts.toSorted());
});

test('people get every alert without another route', () => {
  expect(routes.at(-1)).toEqual({ receiver: 'webhook' });
});
