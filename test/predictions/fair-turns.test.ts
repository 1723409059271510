import { expect, test } from 'vitest';
import { createTurns } from '../../src/predictions/fair-turns.ts';

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

test('one turn is given in each round of the event loop, to each in order', async () => {
  const turns = createTurns();
  const rounds = countRounds();
  const taken: { who: string; round: number }[] = [];
  const work = async (who: string, times: number) => {
    for (let i = 0; i < times; i++) {
      await turns.next();
      taken.push({ who, round: rounds.now() });
    }
  };
  await Promise.all([work('a', 3), work('b', 2), work('c', 1)]);
  rounds.stop();
  expect(taken.map(({ who }) => who).join('')).toBe('abcaba');
  expect(new Set(taken.map(({ round }) => round)).size).toBe(taken.length);
});

test('turns are given again after nobody wanted one', async () => {
  const turns = createTurns();
  await turns.next();
  await new Promise((resolve) => setTimeout(resolve, 5));
  await turns.next();
});
