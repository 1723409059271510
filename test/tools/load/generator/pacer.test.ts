import { expect, onTestFinished, test } from 'vitest';
import { now } from '../../../../tools/load/generator/clock.ts';
import { createPacer, type Pacer } from '../../../../tools/load/generator/pacer.ts';

function startPacer(): Pacer {
  const pacer = createPacer();
  onTestFinished(pacer.close);
  return pacer;
}

// Rates with and without a rest between two due times.
test.each([1, 0.3, 0.05])('an interval of %d ms: each due time once, in order and never early', async (intervalMs) => {
  const pacer = startPacer();
  for (let run = 0; run < 2; run += 1) {
    const from = now();
    const early: number[] = [];
    const numbers: number[] = [];
    await pacer.run({ from, intervalMs, count: 200 }, new AbortController().signal, (number) => {
      if (now() < from + number * intervalMs) early.push(number);
      numbers.push(number);
    });
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, number) => number));
    expect(early).toEqual([]);
  }
});

test('a run whose signal is aborted already ends at once', async () => {
  const due: number[] = [];
  await startPacer().run({ from: now(), intervalMs: 1, count: 10 }, AbortSignal.abort(), (number) => due.push(number));
  expect(due).toEqual([]);
});

test('a pacer that is aborted calls nothing more, and can run again', async () => {
  const pacer = startPacer();
  const abort = new AbortController();
  const numbers: number[] = [];
  await pacer.run({ from: now(), intervalMs: 1, count: 1_000_000 }, abort.signal, (number) => {
    numbers.push(number);
    if (number === 5) abort.abort();
  });
  const length = numbers.length;
  let calls = 0;
  await pacer.run({ from: now(), intervalMs: 5, count: 3 }, new AbortController().signal, () => {
    calls += 1;
  });
  expect(calls).toBe(3);
  expect(numbers).toHaveLength(length);
});
