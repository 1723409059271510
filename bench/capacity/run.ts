import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkBySimulation } from './check-by-simulation.ts';
import { checkService } from './check-service.ts';
import { measureServiceCosts } from './measure-service.ts';
import { measurePostgres, measureStores } from './measure-stores.ts';
import { type Measured, readMeasured, writeMeasured } from './measured.ts';
import { capacityOf, type Traffic } from './model.ts';
import { capacityTable } from './report.ts';

const OPTIONS = {
  'requests-per-second': { type: 'string', default: '1000' },
  characters: { type: 'string', default: '1200' },
  models: { type: 'string', default: '3' },
  labels: { type: 'string', default: '10' },
  sampling: { type: 'string', default: '10' },
  feedback: { type: 'string', default: '1' },
  measure: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
} as const;

/** The rates of the table that shows how each part grows, and the percentage of the requests that is sampled at each. */
const GROWTH = [
  [100, 100],
  [1_000, 100],
  [10_000, 10],
  [100_000, 1],
  [1_000_000, 0.1],
] as const;
/** The traffics that are simulated: the largest ones of the table, which no machine here can run. */
const SIMULATED = [10_000, 1_000_000];
const LENGTHS = { full: 30, short: 6 } as const;

/**
 * Prints the parts of a system that a traffic needs, and how they grow to a million requests a second. `--measure` measures the
 * costs first and writes them into `measured.json`. `--check` compares the model with a real service and with a simulation, and
 * sets the exit code to 1 if they differ by more than is allowed.
 */
export async function runCapacityBenchmark(full: boolean, args: readonly string[] = []): Promise<void> {
  let values: ReturnType<typeof readOptions>;
  let traffic: Traffic;
  try {
    values = readOptions(args);
    traffic = trafficOf(values);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 64;
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'waymark-capacity-'));
  const seconds = full ? LENGTHS.full : LENGTHS.short;
  try {
    if (values.measure) await measure(folder, seconds);
    const measured = await readMeasured();
    const planned = [
      traffic,
      ...GROWTH.map(([requestsPerSecond, percent]) => growthTraffic(requestsPerSecond, percent)),
    ];
    process.stdout.write(
      `### The traffic of the options, and growth\n\n${capacityTable(
        planned.map((each) => ({ traffic: each, capacity: capacityOf(each, measured) })),
      )}`,
    );
    if (values.check) await check(folder, measured, planned, seconds);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }

  function growthTraffic(requestsPerSecond: number, percent: number): Traffic {
    return { ...traffic, requestsPerSecond, sampling: percent / 100 };
  }
}

async function check(folder: string, measured: Measured, planned: readonly Traffic[], seconds: number): Promise<void> {
  process.stdout.write('### The model against a real service\n\n');
  let isGood = await checkService(folder, measured, seconds);
  process.stdout.write('### The plan in a simulation\n\n');
  for (const traffic of planned.filter(({ requestsPerSecond }) => SIMULATED.includes(requestsPerSecond)))
    isGood = (await checkBySimulation(traffic, measured)) && isGood;
  if (!isGood) process.exitCode = 1;
}

async function measure(folder: string, seconds: number): Promise<void> {
  const before = loadavg()[0]!;
  const service = await measureServiceCosts(folder, seconds);
  // Stores write much of their overhead at the start.
  const stores = await measureStores(folder, 3 * seconds);
  const postgres = await measurePostgres(folder);
  const load = `load ${before.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after`;
  await writeMeasured({ machine: `${cpus().length} × ${cpus()[0]!.model}, ${load}`, service, ...stores, postgres });
}

function readOptions(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS }).values;
}

/** Reads the traffic from the options. @throws {Error} with the name of an option that is not a number in its range */
function trafficOf(values: Readonly<Record<string, string | boolean>>): Traffic {
  const number = (name: string, min: number, max: number) => {
    const value = Number(values[name]);
    if (!(value >= min && value <= max)) {
      throw new Error(`--${name} is ${JSON.stringify(values[name])}, but must be a number from ${min} to ${max}`);
    }
    return value;
  };
  return {
    requestsPerSecond: number('requests-per-second', 0, 1e9),
    characters: number('characters', 1, 1e6),
    models: number('models', 1, 10_000),
    labels: number('labels', 2, 10_000),
    sampling: number('sampling', 0, 100) / 100,
    feedback: number('feedback', 0, 100) / 100,
  };
}
