import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createRandom, planFaults } from './chaos/plan.ts';

/** The length of one run in seconds. `CHAOS_SECONDS=600 CHAOS_WORKERS=2 node test/faults/chaos/main.ts` runs longer. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 50);
/** The time for start, checks and end. */
const AROUND_SECONDS = 120;

const SEED = process.env['CHAOS_SEED'] ?? String(Date.now() % 1_000_000);

test('the same seed plans the same faults', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  expect(planFaults(7, names, 60_000)).toEqual(planFaults(7, names, 60_000));
  expect(planFaults(7, names, 60_000)).not.toEqual(planFaults(8, names, 60_000));
  const first = planFaults(7, names, 60_000).slice(0, 5);
  expect(first.map(({ name }) => name).toSorted()).toEqual(names);
  expect(createRandom(1).shuffle(names).toSorted()).toEqual(names);
});

describe('every promise is kept while faults happen', () => {
  test.each([
    ['with one process', '1', 'false'],
    ['with two workers', '2', 'false'],
    ['with the gateway', '1', 'true'],
  ])(
    `%s, seed ${SEED}`,
    async (_, CHAOS_WORKERS, CHAOS_GATEWAY) => {
      const env = { ...process.env, CHAOS_SEED: SEED, CHAOS_SECONDS: String(SECONDS), CHAOS_WORKERS, CHAOS_GATEWAY };
      const run = spawn(process.execPath, ['test/faults/chaos/main.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
      const [report, [code]] = await Promise.all([text(run.stdout), once(run, 'exit') as Promise<[number | null]>]);
      process.stdout.write(report);
      expect({ code, broken: report.match(/^ {2}!! .*$/gm) }).toEqual({ code: 0, broken: null });
    },
    // A busy machine needs longer.
    5 * (SECONDS + AROUND_SECONDS) * 1_000,
  );
});
