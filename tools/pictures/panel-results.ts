import { z } from 'zod';
import type { Panel } from './panels.ts';

/** The time that each picture shows. */
export const PICTURE_SECONDS = 150;
/** Prometheus evaluates range queries at this interval. */
const STEP_SECONDS = 2;

const labelsSchema = z.record(z.string(), z.string());
const sampleSchema = z.tuple([z.number(), z.string()]);
const answerSchema = z.object({
  data: z.object({
    result: z.array(
      z.object({ metric: labelsSchema, value: sampleSchema.optional(), values: z.array(sampleSchema).optional() }),
    ),
  }),
});

/** A series of the result of a query. */
export interface ResultSeries {
  /** Its name in the legend. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since the start of the picture, and values. An instant query has one point. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** The result of a query of a panel. */
export interface QueryResult {
  readonly refId: string;
  readonly legend: string;
  readonly series: readonly ResultSeries[];
}

/** The time that pictures show, in seconds since 1970. */
export interface PictureTime {
  readonly start: number;
  readonly end: number;
}

/**
 * Runs the queries of a panel.
 *
 * @param nameOf replaces the value of the label `instance`, so that pictures do not depend on the ports of a run
 * @throws {Error} if a query has no series with a value
 */
export async function queryPanel(
  prometheus: string,
  panel: Panel,
  { start, end }: PictureTime,
  nameOf: (instance: string) => string,
): Promise<QueryResult[]> {
  const results: QueryResult[] = [];
  for (const { refId, expr, legendFormat, instant } of panel.targets) {
    const query = withValues(expr);
    const parameters: Record<string, string> = instant
      ? { query, time: String(end) }
      : { query, start: String(start), end: String(end), step: String(STEP_SECONDS) };
    const url = `${prometheus}/api/v1/${instant ? 'query' : 'query_range'}?${new URLSearchParams(parameters)}`;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${panel.title}: ${await response.text()}`);
    const { data } = answerSchema.parse(await response.json());
    const series = data.result.flatMap(({ metric, value, values = value ? [value] : [] }) => {
      const labels = metric['instance'] === undefined ? metric : { ...metric, instance: nameOf(metric['instance']) };
      const points = values
        .map(([time, text]) => [time - start, Number(text)] as const)
        .filter(([, number]) => Number.isFinite(number));
      return points.length === 0 ? [] : [{ name: legendOf(legendFormat, labels), labels, points }];
    });
    if (series.length === 0) throw new Error(`"${panel.title}" (${panel.id}) has an empty result: ${query}`);
    const byName = series.toSorted((a, b) => compareText(a.name, b.name));
    results.push({ refId, legend: legendFormat, series: byName });
  }
  return results;
}

/** Replaces the variables of Grafana by values that select everything. */
function withValues(query: string): string {
  return query
    .replaceAll('$model', 'spam')
    .replaceAll(/\$(?:version|instance|job)\b/g, '.*')
    .replaceAll('$__rate_interval', '15s');
}

function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '').trim();
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
