import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { requireTrace } from '../../../tools/stack/check/check.ts';
import { eventually, spansOf } from '../../../tools/stack/check/queries.ts';
import { post } from '../../http/in-process.ts';
import { describeStack, type RunningStack } from '../support/running-stack.ts';
import { countPredictions, countStoredTraces, predictMany } from './sampled-predictions.ts';

vi.stubEnv('TAIL_SAMPLING_PERCENTAGE', '20');
vi.stubEnv('TAIL_SAMPLING_WAIT', '1s');
vi.stubEnv('TAIL_SAMPLING_SLOW_MS', '150');

describeStack('tail sampling', (stack) => {
  test('keeps all errors, slow traces and anomalies and a share of the rest; span metrics count all', {
    timeout: 180_000,
  }, async () => {
    const traceIds = await predictMany(stack(), 400);
    const alwaysKept = await sendErrorAndSlowTrace(stack());
    const anomaly = await post(`${stack().urls.service}/predict`, {
      text: 'Добрый день, счёт за прошлый месяц во вложении',
    });
    await eventually(async () => expect((await countPredictions(stack())).received).toBe(401));
    for (const traceId of alwaysKept) await eventually(() => requireSpans(stack(), traceId));
    await eventually(() => requireTrace(stack().urls.jaeger, String(anomaly.headers.get('x-trace-id'))));
    const stored = await countStoredTraces(stack(), traceIds);
    expect(stored).toBeGreaterThan(400 * 0.08);
    expect(stored).toBeLessThan(400 * 0.35);
  });
});

/** Sends a trace with an error and a slow trace to the Collector, and returns their ids. */
async function sendErrorAndSlowTrace({ ports }: RunningStack): Promise<string[]> {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = (fields: object, milliseconds = 1) => ({
    traceId: randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    name: 'always kept',
    kind: 1,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + BigInt(milliseconds) * 1_000_000n),
    ...fields,
  });
  const spans = [span({ status: { code: 2 } }), span({}, 200)];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'waymark' } }] };
  const sent = await post(`http://127.0.0.1:${ports.collectorOtlpHttp}/v1/traces`, {
    resourceSpans: [{ resource, scopeSpans: [{ spans }] }],
  });
  expect(sent.status).toBe(200);
  return spans.map((span) => span.traceId);
}

async function requireSpans({ urls }: RunningStack, traceId: string): Promise<void> {
  expect(await spansOf(urls.jaeger, traceId)).toHaveLength(1);
}
