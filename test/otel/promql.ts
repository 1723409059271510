import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const OTEL = join(import.meta.dirname, '../../otel');

const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string() })) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string() })) }),
  panels: z.array(
    z.object({
      type: z.string(),
      title: z.string(),
      id: z.number().optional(),
      datasource: z.object({ uid: z.string() }).optional(),
      fieldConfig: z
        .object({
          defaults: z.object({
            thresholds: z.object({ steps: z.array(z.object({ value: z.number().nullable() })) }).optional(),
            custom: z.object({ thresholdsStyle: z.object({ mode: z.string() }).optional() }).optional(),
          }),
        })
        .optional(),
      targets: z.array(z.object({ expr: z.string() })).default([]),
    }),
  ),
});
const ruleFileSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(z.object({ record: z.string().optional(), alert: z.string().optional(), expr: z.string() })),
    }),
  ),
});

/** All dashboards, with their files. */
export const dashboards = readdirSync(join(OTEL, 'grafana/dashboards')).map((file) => ({
  file,
  dashboard: dashboardSchema.parse(JSON.parse(readFileSync(join(OTEL, 'grafana/dashboards', file), 'utf8'))),
}));

/** All queries of all dashboards, with values for the variables of Grafana. */
export const dashboardQueries = dashboards.flatMap(({ file, dashboard }) =>
  dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ where: `${file}: ${title}`, query: withValues(expr) })),
  ),
);

/** All queries of annotations. Most of the time they have no data. */
export const annotationQueries = dashboards.flatMap(({ file, dashboard }) =>
  dashboard.annotations.list.map(({ name, expr }) => ({ where: `${file}: ${name}`, query: withValues(expr) })),
);

/** All rules, with the recorded name or the alert. */
export const rules = readdirSync(join(OTEL, 'prometheus/rules')).flatMap((file) =>
  ruleFileSchema
    .parse(parse(readFileSync(join(OTEL, 'prometheus/rules', file), 'utf8')))
    .groups.flatMap((group) => group.rules.map(({ record, alert, expr }) => ({ file, record, alert, query: expr }))),
);

/** Replaces the variables of Grafana by values that select everything. */
function withValues(query: string): string {
  return query
    .replaceAll('$model', 'spam')
    .replaceAll('$version', '.*')
    .replaceAll('$instance', '.*')
    .replaceAll('$job', '.*')
    .replaceAll('$__rate_interval', '15s');
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'on', 'by', 'without', 'group_left', 'offset', 'bool', 'ignoring']);

/** Returns the names of the metrics that a query reads. */
export function metricNames(query: string): string[] {
  const bare = query
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\b(by|without|on|ignoring|group_left) *\([^)]*\)/g, '')
    .replace(/\boffset +\w+/g, '')
    .replace(/\b\d[\w.]*/g, '');
  const names = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?! *\(|[\w:])/g)].map(([name]) => name);
  return [...new Set(names)].filter((name) => !KEYWORDS.has(name));
}
