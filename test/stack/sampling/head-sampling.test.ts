import { expect, test, vi } from 'vitest';
import { eventually } from '../../../tools/stack/check/queries.ts';
import { describeStack } from '../support/running-stack.ts';
import { countPredictions, countStoredTraces, predictMany } from './sampled-predictions.ts';

const PREDICTIONS = 4_000;

vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0.25');

describeStack('head sampling', (stack) => {
  test('keeps the span metrics and the metrics of the service correct', {
    timeout: 180_000,
  }, async () => {
    const before = await countPredictions(stack());
    const traceIds = await predictMany(stack(), PREDICTIONS);
    await eventually(async () => {
      const { received, served } = await countPredictions(stack());
      expect(served).toBe(PREDICTIONS);
      // A quarter of the spans arrives and each counts four times: the standard deviation of the sum is 110.
      expect(Math.abs(received - before.received - PREDICTIONS)).toBeLessThan(5 * 110);
    });
    const stored = await countStoredTraces(stack(), traceIds.slice(0, 400));
    expect(stored).toBeGreaterThan(400 * 0.12);
    expect(stored).toBeLessThan(400 * 0.38);
  });
});
