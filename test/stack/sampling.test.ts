import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { requireTrace } from '../../otel/stack/check.ts';
import { eventually, spansOf } from '../../otel/stack/queries.ts';
import { post } from '../http/in-process.ts';
import { parseExposition } from './exposition.ts';
import { describeStack, type RunningStack } from './running-stack.ts';

const PREDICTIONS = 4_000;

describeStack('sampling', (stack) => {
  test('a head-sampled service still has right span metrics, and right counts of its own', {
    timeout: 180_000,
  }, async () => {
    await restart(stack(), 'waymark', {
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
    });
    const before = await counts(stack());
    const traceIds = await predict(stack(), PREDICTIONS);
    await eventually(async () => {
      const { received, served } = await counts(stack());
      expect(served).toBe(PREDICTIONS);
      // A quarter arrives and each counts for four: the standard deviation of their sum is 110.
      expect(Math.abs(received - before.received - PREDICTIONS)).toBeLessThan(5 * 110);
    });
    const stored = await storedOf(stack(), traceIds.slice(0, 400));
    expect(stored).toBeGreaterThan(400 * 0.12);
    expect(stored).toBeLessThan(400 * 0.38);
    await restart(stack(), 'waymark', {});
  });

  test('the tail keeps every error and slow one and a share of the rest; span metrics know all', {
    timeout: 180_000,
  }, async () => {
    await restart(stack(), 'collector', {
      TAIL_SAMPLING_PERCENTAGE: '20',
      TAIL_SAMPLING_WAIT: '1s',
      TAIL_SAMPLING_SLOW_MS: '60',
    });
    const traceIds = await predict(stack(), 400);
    const special = await sendSpecial(stack());
    await eventually(async () => expect((await counts(stack())).received).toBe(400 + 1));
    for (const traceId of special) await eventually(() => requireSpans(stack(), traceId));
    const stored = await storedOf(stack(), traceIds);
    expect(stored).toBeGreaterThan(400 * 0.08);
    expect(stored).toBeLessThan(400 * 0.35);
    await restart(stack(), 'collector', {});
  });
});

/** A trace with an error, a slow one and one with an anomaly, as spans of a caller of the service. */
async function sendSpecial({ ports, urls }: RunningStack): Promise<string[]> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const caller = (more: object, milliseconds = 1) => ({
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'special',
    kind: 1,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + BigInt(milliseconds) * 1_000_000n),
    ...more,
  });
  const anomaly = [{ key: 'classifier.anomaly.reason', value: { stringValue: 'length' } }];
  const spans = [caller({ status: { code: 2 } }), caller({}, 200), caller({ attributes: anomaly })];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'waymark' } }] };
  const sent = await post(`http://127.0.0.1:${ports.collectorOtlpHttp}/v1/traces`, {
    resourceSpans: [{ resource, scopeSpans: [{ spans }] }],
  });
  expect(sent.status).toBe(200);
  const { traceId } = (await (await post(`${urls.service}/predict`, { text: 'one more' })).json()) as {
    traceId: string;
  };
  expect(traceId).toBeTruthy();
  return spans.map((span) => span.traceId);
}

async function requireSpans({ urls }: RunningStack, traceId: string): Promise<void> {
  expect(await spansOf(urls.jaeger, traceId)).toHaveLength(1);
}

async function restart(stack: RunningStack, component: string, env: Record<string, string>): Promise<void> {
  await stack.stopOne(component);
  vi.unstubAllEnvs();
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await stack.startOne(component);
}

async function predict({ urls }: RunningStack, times: number): Promise<string[]> {
  const traceIds: string[] = [];
  const worker = async () => {
    while (traceIds.length < times) {
      const slot = traceIds.push('') - 1;
      const response = await post(`${urls.service}/predict`, { text: `text ${slot}` });
      traceIds[slot] = String(response.headers.get('x-trace-id'));
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return traceIds;
}

/** `classify` spans by the Collector's span metrics, and predictions by the service's own histogram of requests. */
async function counts({ urls }: RunningStack): Promise<{ received: number; served: number }> {
  const page = async (url: string) => parseExposition(await (await fetch(url)).text());
  const sum = (series: { value: number }[]) => series.reduce((total, { value }) => total + value, 0);
  const collector = await page(urls.collectorMetrics);
  const service = await page(urls.metrics);
  return {
    received: sum(
      collector.filter(
        ({ name, labels }) => name === 'traces_span_metrics_calls_total' && labels['span_name'] === 'classify',
      ),
    ),
    served: sum(
      service.filter(
        ({ name, labels }) =>
          name === 'http_server_request_duration_seconds_count' && labels['http_route'] === '/predict',
      ),
    ),
  };
}

/** Of these traces, how many Jaeger has once no more arrive. */
async function storedOf({ urls }: RunningStack, traceIds: readonly string[]): Promise<number> {
  let last = -1;
  return eventually(async () => {
    const found = await Promise.all(
      traceIds.map((traceId) =>
        requireTrace(urls.jaeger, traceId).then(
          () => 1,
          () => 0,
        ),
      ),
    );
    const stored = found.reduce<number>((sum, one) => sum + one, 0);
    const settled = stored === last && stored > 0;
    last = stored;
    if (!settled) throw new Error(`still arriving: ${stored}`);
    return stored;
  }, 60_000);
}
