import { expect, test } from 'vitest';
import { findKnee } from '../../../../tools/load/scenarios/knee.ts';

const signal = new AbortController().signal;
const options = { start: 50, precision: 1.05, maxRate: 100_000, signal };

/** Creates a service that meets its objective up to a rate, and the list of the rates that were tried. */
function serviceWithCapacity(capacity: number) {
  const rates: number[] = [];
  const attempt = async (rate: number) => {
    rates.push(rate);
    return { rate, met: rate <= capacity };
  };
  return { rates, attempt };
}

test.each([1, 3, 60, 777, 12_345])(
  'the knee of a service with a capacity of %i/s is found within 5 %',
  async (capacity) => {
    const knee = await findKnee(serviceWithCapacity(capacity).attempt, options);
    expect(knee).toBeLessThanOrEqual(capacity);
    expect(knee).toBeGreaterThanOrEqual(Math.floor(capacity / 1.06));
  },
);

test('a rate fails only after two failed attempts', async () => {
  const { attempt, rates } = serviceWithCapacity(400);
  let paused = false;
  const knee = await findKnee(async (rate) => {
    const step = await attempt(rate);
    if (rate !== 200 || paused) return step;
    paused = true;
    return { rate, met: false };
  }, options);
  expect(rates.slice(0, 5)).toEqual([50, 100, 200, 200, 400]);
  expect(knee).toBeGreaterThanOrEqual(380);
});

test('a service that misses its objective at every rate has no knee', async () => {
  expect(await findKnee(serviceWithCapacity(0).attempt, options)).toBeNull();
});

test('the search ends at the maximum rate, and when it is stopped', async () => {
  expect(await findKnee(serviceWithCapacity(Infinity).attempt, { ...options, maxRate: 1_000 })).toBe(1_000);
  const { attempt, rates } = serviceWithCapacity(1_000);
  await findKnee(attempt, { ...options, signal: AbortSignal.abort() });
  expect(rates).toEqual([]);
});
