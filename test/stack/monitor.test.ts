import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { post } from '../http/in-process.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';

const SERVER_SPANS = 'service_name="waymark",span_kind="SPAN_KIND_SERVER"';

const metricSchema = z.object({
  metrics: z
    .array(
      z.object({
        metricPoints: z.array(z.object({ gaugeValue: z.object({ doubleValue: z.union([z.number(), z.string()]) }) })),
      }),
    )
    .nullish(),
});

// With one request in flight, every other request is rejected with 503, which counts as an error of the service.
vi.stubEnv('MAX_IN_FLIGHT', '1');

describeStack("Jaeger's Monitor tab", (stack) => {
  test('shows latencies, calls and errors, and they agree with Prometheus', { timeout: 180_000 }, async () => {
    let running = true;
    const repeat = async (send: () => Promise<unknown>) => {
      while (running) {
        await send();
        await delay(20);
      }
    };
    const url = `${stack().urls.service}/predict`;
    const clients = Promise.all([
      repeat(() => post(`${url}/batch`, { texts: Array.from({ length: 1_024 }, () => 'steady '.repeat(50)) })),
      repeat(() => post(url, { text: 'steady '.repeat(50) })),
    ]);
    try {
      await eventually(async () => {
        const rate = `sum(rate(traces_span_metrics_calls_total{${SERVER_SPANS}}[1m]))`;
        const errors = `sum(rate(traces_span_metrics_calls_total{${SERVER_SPANS},status_code="STATUS_CODE_ERROR"}[1m]))`;
        const latency = `histogram_quantile(0.95, sum(rate(traces_span_metrics_duration_seconds_bucket{${SERVER_SPANS}}[1m])) by (le))`;
        await expectInJaeger(stack(), 'calls', {}, await queryOne(stack(), rate));
        await expectInJaeger(
          stack(),
          'errors',
          {},
          (await queryOne(stack(), errors)) / (await queryOne(stack(), rate)),
        );
        await expectInJaeger(stack(), 'latencies', { quantile: '0.95' }, await queryOne(stack(), latency));
      }, 120_000);
    } finally {
      running = false;
      await clients;
    }
  });
});

async function queryOne({ urls }: RunningStack, expression: string): Promise<number> {
  const [sample] = await promQuery(urls.prometheus, expression);
  expect(sample?.value, expression).toBeGreaterThan(0);
  return sample!.value;
}

/** Expects the last value in Jaeger to be close to that of Prometheus. The two are read at different moments. */
async function expectInJaeger(
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
  const answer = metricSchema.parse(await (await fetch(`${urls.jaeger}/api/metrics/${kind}?${query}`)).json());
  const points = answer.metrics?.flatMap(({ metricPoints }) => metricPoints) ?? [];
  const values = points.map(({ gaugeValue }) => Number(gaugeValue.doubleValue)).filter((value) => value > 0);
  expect(values.length, kind).toBeGreaterThan(0);
  expect(values.at(-1)! / expected, kind).toBeGreaterThan(0.75);
  expect(values.at(-1)! / expected, kind).toBeLessThan(1.33);
}
