import { expect, test, vi } from 'vitest';
import { eventually } from '../../../tools/stack/check/queries.ts';
import { describeStack } from '../support/running-stack.ts';
import { counts, predict, storedOf } from './sampled-predictions.ts';

const PREDICTIONS = 4_000;

vi.stubEnv('OTEL_TRACES_SAMPLER', 'parentbased_traceidratio');
vi.stubEnv('OTEL_TRACES_SAMPLER_ARG', '0.25');

describeStack('head sampling', (stack) => {
  test('a head-sampled service still has right span metrics, and right counts of its own', {
    timeout: 180_000,
  }, async () => {
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
  });
});
