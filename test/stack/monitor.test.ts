import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { post } from '../http/in-process.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';

const SERVER = 'service_name="waymark",span_kind="SPAN_KIND_SERVER"';

const Points = z.object({
  metrics: z
    .array(
      z.object({
        metricPoints: z.array(z.object({ gaugeValue: z.object({ doubleValue: z.union([z.number(), z.string()]) }) })),
      }),
    )
    .nullish(),
});

// While one request is on its way, any other is refused, which is an error of the service.
vi.stubEnv('MAX_IN_FLIGHT', '1');

describeStack("Jaeger's Monitor tab", (stack) => {
  test('shows latencies, calls and errors, and they agree with Prometheus', { timeout: 180_000 }, async () => {
    let running = true;
    const repeat = async (ask: () => Promise<unknown>) => {
      while (running) {
        await ask();
        await delay(20);
      }
    };
    const url = `${stack().urls.service}/predict`;
    const clients = Promise.all([repeat(() => slowly(url)), repeat(() => post(url, { text: 'steady '.repeat(50) }))]);
    try {
      await eventually(async () => {
        const rate = `sum(rate(traces_span_metrics_calls_total{${SERVER}}[1m]))`;
        const errors = `sum(rate(traces_span_metrics_calls_total{${SERVER},status_code="STATUS_CODE_ERROR"}[1m]))`;
        const latency = `histogram_quantile(0.95, sum(rate(traces_span_metrics_duration_seconds_bucket{${SERVER}}[1m])) by (le))`;
        await agree(stack(), 'calls', {}, await one(stack(), rate));
        await agree(stack(), 'errors', {}, (await one(stack(), errors)) / (await one(stack(), rate)));
        await agree(stack(), 'latencies', { quantile: '0.95' }, await one(stack(), latency));
      }, 120_000);
    } finally {
      running = false;
      await clients;
    }
  });
});

/** Sends a request whose body takes a while to arrive. */
async function slowly(url: string): Promise<void> {
  const outgoing = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  outgoing.write('{"text": ');
  await delay(50);
  outgoing.end('"steady"}');
  const [response] = await answered;
  response.resume();
}

async function one({ urls }: RunningStack, expression: string): Promise<number> {
  const [sample] = await promQuery(urls.prometheus, expression);
  expect(sample?.value, expression).toBeGreaterThan(0);
  return sample!.value;
}

/** Fails unless what Jaeger shows last is what Prometheus says, as nearly as two readings at two moments can be. */
async function agree(
  { urls }: RunningStack,
  kind: 'calls' | 'errors' | 'latencies',
  parameters: Record<string, string>,
  expected: number,
): Promise<void> {
  const query = new URLSearchParams({
    service: 'waymark',
    spanKind: 'server',
    lookback: '60000',
    step: '1000',
    ratePer: '60000',
    ...parameters,
  });
  const answer = Points.parse(await (await fetch(`${urls.jaeger}/api/metrics/${kind}?${query}`)).json());
  const points = answer.metrics?.flatMap(({ metricPoints }) => metricPoints) ?? [];
  const values = points.map(({ gaugeValue }) => Number(gaugeValue.doubleValue)).filter((value) => value > 0);
  expect(values.length, kind).toBeGreaterThan(0);
  expect(values.at(-1)! / expected, kind).toBeGreaterThan(0.75);
  expect(values.at(-1)! / expected, kind).toBeLessThan(1.33);
}
