import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const traceSchema = z.object({
  data: z.array(
    z.object({
      spans: z.array(
        z.object({
          spanID: z.string(),
          processID: z.string(),
          operationName: z.string(),
          references: z.array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() })),
          tags: z.array(z.object({ key: z.string(), value: z.unknown() })),
        }),
      ),
      processes: z.record(z.string(), z.object({ serviceName: z.string() })),
    }),
  ),
});

const metricFamilySchema = z.object({
  metrics: z
    .array(
      z.object({
        metricPoints: z.array(z.object({ gaugeValue: z.object({ doubleValue: z.union([z.number(), z.string()]) }) })),
      }),
    )
    .nullish(),
});

const vectorSchema = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

const exemplarsSchema = z.object({
  data: z.array(
    z.object({
      seriesLabels: z.record(z.string(), z.string()),
      exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()), value: z.string() })),
    }),
  ),
});

const logRecordSchema = z.record(z.string(), z.string());

const dependenciesSchema = z.object({
  data: z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() })).nullable(),
});

/** A span as returned by Jaeger's API, with the name of its service. */
export type Span = z.infer<typeof traceSchema>['data'][number]['spans'][number] & { service: string };

/** A sample of an instant query. The labels include the metric name as `__name__`. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Returns the spans of a trace, or none if Jaeger does not have the trace. */
export async function spansOf(jaeger: string, traceId: string): Promise<Span[]> {
  const answer = await getJson(`${jaeger}/api/traces/${traceId}`, [404]);
  if (answer === undefined) return [];
  return traceSchema
    .parse(answer)
    .data.flatMap(({ spans, processes }) =>
      spans.map((span) => ({ ...span, service: processes[span.processID]?.serviceName ?? '' })),
    );
}

/** Returns the calls between services from Jaeger's graph of the last hour. */
export async function dependencies(jaeger: string): Promise<NonNullable<z.infer<typeof dependenciesSchema>['data']>> {
  const window = { endTs: String(Date.now() + 60_000), lookback: '3600000' };
  return (
    dependenciesSchema.parse(await getJson(`${jaeger}/api/dependencies?${new URLSearchParams(window)}`)).data ?? []
  );
}

/** Returns the latencies that Jaeger's Monitor tab would show for a service, in seconds and without gaps. */
export async function monitoredLatencies(jaeger: string, service: string, quantile: number): Promise<number[]> {
  const answer = await getJson(
    `${jaeger}/api/metrics/latencies?${new URLSearchParams({
      service,
      quantile: String(quantile),
      spanKind: 'server',
      lookback: '300000',
      step: '1000',
      ratePer: '60000',
    })}`,
  );
  const points = metricFamilySchema.parse(answer).metrics?.flatMap(({ metricPoints }) => metricPoints) ?? [];
  return points.map(({ gaugeValue }) => Number(gaugeValue.doubleValue)).filter((value) => value > 0);
}

/** Returns the current samples of a PromQL expression. */
export async function promQuery(prometheus: string, expression: string): Promise<Sample[]> {
  const answer = await getJson(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expression })}`);
  return vectorSchema
    .parse(answer)
    .data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** Returns the exemplars of the last five minutes, with the labels of their series. */
export async function promExemplars(
  prometheus: string,
  selector: string,
): Promise<z.infer<typeof exemplarsSchema>['data']> {
  const now = Date.now() / 1000;
  const window = { query: selector, start: String(now - 300), end: String(now + 5) };
  const answer = await getJson(`${prometheus}/api/v1/query_exemplars?${new URLSearchParams(window)}`);
  return exemplarsSchema.parse(answer).data;
}

/** Returns the log records that match a LogsQL query, at most 1,000. */
export async function logRecords(victoriaLogs: string, query: string): Promise<Record<string, string>[]> {
  const response = await fetch(`${victoriaLogs}/select/logsql/query?${new URLSearchParams({ query, limit: '1000' })}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`VictoriaLogs answered ${response.status}: ${text}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => logRecordSchema.parse(JSON.parse(line)));
}

/** Repeats an attempt until it does not throw. After the time limit, throws the error of the last attempt. */
export async function eventually<T>(attempt: () => Promise<T>, withinMs = 30_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await delay(200);
  }
}

async function getJson(url: string, absentStatuses: number[] = []): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (absentStatuses.includes(response.status)) return undefined;
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
