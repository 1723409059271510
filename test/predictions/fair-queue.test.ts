import { expect, test } from 'vitest';
import { createFairQueue } from '../../src/predictions/fair-queue.ts';

/** Counts the rounds of the event loop. */
function countRounds() {
  let round = 0;
  let counting = true;
  const count = () => {
    round += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  return {
    now: () => round,
    stop: () => {
      counting = false;
    },
  };
}

test('gives one turn per round of the event loop, in order', async () => {
  const queue = createFairQueue();
  const rounds = countRounds();
  const turns: { worker: string; round: number }[] = [];
  const work = async (worker: string, times: number) => {
    for (let i = 0; i < times; i++) {
      await queue.nextTurn();
      turns.push({ worker, round: rounds.now() });
    }
  };
  await Promise.all([work('a', 3), work('b', 2), work('c', 1)]);
  rounds.stop();
  expect(turns.map(({ worker }) => worker).join('')).toBe('abcaba');
  expect(new Set(turns.map(({ round }) => round)).size).toBe(turns.length);
});

test('gives turns again after a pause', async () => {
  const queue = createFairQueue();
  await queue.nextTurn();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await queue.nextTurn();
});
