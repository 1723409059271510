import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

const Trace = z.object({
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

const MetricFamily = z.object({
  metrics: z
    .array(
      z.object({
        metricPoints: z.array(z.object({ gaugeValue: z.object({ doubleValue: z.union([z.number(), z.string()]) }) })),
      }),
    )
    .nullish(),
});

const Vector = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

const Exemplars = z.object({
  data: z.array(
    z.object({
      seriesLabels: z.record(z.string(), z.string()),
      exemplars: z.array(z.object({ labels: z.record(z.string(), z.string()), value: z.string() })),
    }),
  ),
});

const LogRecord = z.record(z.string(), z.string());

const Dependencies = z.object({
  data: z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.number() })).nullable(),
});

/** A span as Jaeger tells it. */
export type Span = z.infer<typeof Trace>['data'][number]['spans'][number] & { service: string };

/** One sample of an instant query: its labels, its name among them, and its value. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** The spans of a trace; none where Jaeger does not have it. */
export async function spansOf(jaeger: string, traceId: string): Promise<Span[]> {
  const answer = await getJson(`${jaeger}/api/traces/${traceId}`, [404]);
  if (answer === undefined) return [];
  return Trace.parse(answer).data.flatMap(({ spans, processes }) =>
    spans.map((span) => ({ ...span, service: processes[span.processID]?.serviceName ?? '' })),
  );
}

/** Which service calls which, as Jaeger's graph of the last hour has it. */
export async function dependencies(jaeger: string): Promise<NonNullable<z.infer<typeof Dependencies>['data']>> {
  const window = { endTs: String(Date.now() + 60_000), lookback: '3600000' };
  return Dependencies.parse(await getJson(`${jaeger}/api/dependencies?${new URLSearchParams(window)}`)).data ?? [];
}

/** The latencies in seconds that Jaeger's Monitor tab would show for a service, without gaps. */
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
  const points = MetricFamily.parse(answer).metrics?.flatMap(({ metricPoints }) => metricPoints) ?? [];
  return points.map(({ gaugeValue }) => Number(gaugeValue.doubleValue)).filter((value) => value > 0);
}

/** What a PromQL expression says now. */
export async function promQuery(prometheus: string, expression: string): Promise<Sample[]> {
  const answer = await getJson(`${prometheus}/api/v1/query?${new URLSearchParams({ query: expression })}`);
  return Vector.parse(answer).data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}

/** The exemplars of the last five minutes, with the labels of the series that they stand on. */
export async function promExemplars(prometheus: string, selector: string): Promise<z.infer<typeof Exemplars>['data']> {
  const now = Date.now() / 1000;
  const window = { query: selector, start: String(now - 300), end: String(now + 5) };
  return Exemplars.parse(await getJson(`${prometheus}/api/v1/query_exemplars?${new URLSearchParams(window)}`)).data;
}

/** The log records that a LogsQL query finds. */
export async function logRecords(victoriaLogs: string, query: string): Promise<Record<string, string>[]> {
  const response = await fetch(`${victoriaLogs}/select/logsql/query?${new URLSearchParams({ query, limit: '1000' })}`);
  const text = await response.text();
  if (!response.ok) throw new Error(`VictoriaLogs answered ${response.status}: ${text}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => LogRecord.parse(JSON.parse(line)));
}

/** Tries until the attempt no longer throws, and after the time limit throws what the last attempt threw. */
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

async function getJson(url: string, absent: number[] = []): Promise<unknown> {
  const response = await fetch(url);
  const text = await response.text();
  if (absent.includes(response.status)) return undefined;
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text);
}
