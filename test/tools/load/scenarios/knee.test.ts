import { expect, test } from 'vitest';
import { findKnee } from '../../../../tools/load/scenarios/knee.ts';

const signal = new AbortController().signal;
const options = { start: 50, precision: 1.05, most: 100_000, signal };

/** A service that keeps its objective up to a rate. */
function upTo(capacity: number) {
  const rates: number[] = [];
  const attempt = async (rate: number) => {
    rates.push(rate);
    return { rate, met: rate <= capacity };
  };
  return { rates, attempt };
}

test.each([1, 3, 60, 777, 12_345])('the knee of a service that takes %i/s is found to 5 %', async (capacity) => {
  const knee = await findKnee(upTo(capacity).attempt, options);
  expect(knee).toBeLessThanOrEqual(capacity);
  expect(knee).toBeGreaterThanOrEqual(Math.floor(capacity / 1.06));
});

test('a rate fails only when it failed twice', async () => {
  const { attempt, rates } = upTo(400);
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

test('a service that meets its objective at no rate has no knee', async () => {
  expect(await findKnee(upTo(0).attempt, options)).toBeNull();
});

test('the search ends at the most that it may ask for, and when it is stopped', async () => {
  expect(await findKnee(upTo(Infinity).attempt, { ...options, most: 1_000 })).toBe(1_000);
  const { attempt, rates } = upTo(1_000);
  await findKnee(attempt, { ...options, signal: AbortSignal.abort() });
  expect(rates).toEqual([]);
});
