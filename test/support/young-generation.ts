/**
 * Prints the size of the young generation of a thread that has allocated much, in MiB: `node young-generation.ts LIMIT`. The main
 * thread has an option of V8 for its own, as with `npm start`.
 */
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread, Worker } from 'node:worker_threads';
import { allowLimitsOfThreads } from '../../src/process/lifecycle.ts';

const ROUNDS = 50;
const OBJECTS = 40_000;

if (isMainThread) {
  allowLimitsOfThreads();
  const resourceLimits = { maxYoungGenerationSizeMb: Number(process.argv[2]) };
  new Worker(new URL(import.meta.url), { execArgv: [], resourceLimits });
} else {
  // Objects that survive some collections make the young generation grow.
  for (let round = 0; round < ROUNDS; round += 1) Array.from({ length: OBJECTS }, (_, at) => ({ at, list: [at] }));
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  process.stdout.write(`${(space?.space_size ?? 0) / 1_048_576}\n`);
}
