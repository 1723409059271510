import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { requireTrace } from '../../../tools/stack/check/check.ts';
import { eventually, spansOf } from '../../../tools/stack/check/queries.ts';
import { post } from '../../http/in-process.ts';
import { describeStack, type RunningStack } from '../support/running-stack.ts';
import { counts, predict, storedOf } from './sampled-predictions.ts';

vi.stubEnv('TAIL_SAMPLING_PERCENTAGE', '20');
vi.stubEnv('TAIL_SAMPLING_WAIT', '1s');
vi.stubEnv('TAIL_SAMPLING_SLOW_MS', '150');

describeStack('tail sampling', (stack) => {
  test('the tail keeps every error, slow one and anomaly and a share of the rest; span metrics know all', {
    timeout: 180_000,
  }, async () => {
    const traceIds = await predict(stack(), 400);
    const special = await sendSpecial(stack());
    const anomaly = await post(`${stack().urls.service}/predict`, { text: 'far too short for a mail' });
    await eventually(async () => expect((await counts(stack())).received).toBe(401));
    for (const traceId of special) await eventually(() => requireSpans(stack(), traceId));
    await eventually(() => requireTrace(stack().urls.jaeger, String(anomaly.headers.get('x-trace-id'))));
    const stored = await storedOf(stack(), traceIds);
    expect(stored).toBeGreaterThan(400 * 0.08);
    expect(stored).toBeLessThan(400 * 0.35);
  });
});

/** A trace with an error and a slow one, as spans of a caller of the service. */
async function sendSpecial({ ports }: RunningStack): Promise<string[]> {
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
  const spans = [caller({ status: { code: 2 } }), caller({}, 200)];
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
