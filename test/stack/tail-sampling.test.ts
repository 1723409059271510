import { randomBytes } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { eventually, spansOf } from '../../otel/stack/queries.ts';
import { post } from '../http/in-process.ts';
import { describeStack, type RunningStack } from './running-stack.ts';
import { counts, predict, storedOf } from './sampled.ts';

vi.stubEnv('TAIL_SAMPLING_PERCENTAGE', '20');
vi.stubEnv('TAIL_SAMPLING_WAIT', '1s');
vi.stubEnv('TAIL_SAMPLING_SLOW_MS', '150');

describeStack('tail sampling', (stack) => {
  test('the tail keeps every error and slow one and a share of the rest; span metrics know all', {
    timeout: 180_000,
  }, async () => {
    const traceIds = await predict(stack(), 400);
    const special = await sendSpecial(stack());
    await eventually(async () => expect((await counts(stack())).received).toBe(400));
    for (const traceId of special) await eventually(() => requireSpans(stack(), traceId));
    const stored = await storedOf(stack(), traceIds);
    expect(stored).toBeGreaterThan(400 * 0.08);
    expect(stored).toBeLessThan(400 * 0.35);
  });
});

/** A trace with an error, a slow one and one with an anomaly, as spans of a caller of the service. */
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
  const anomaly = [{ key: 'classifier.anomaly.reason', value: { stringValue: 'length' } }];
  const spans = [caller({ status: { code: 2 } }), caller({}, 200), caller({ attributes: anomaly })];
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
