import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadResult } from '../tools/load/scenarios/result.ts';
import { readMails } from '../tools/stack/check/traffic.ts';
import { freePorts } from '../tools/stack/ports.ts';
import { start } from '../tools/stack/processes.ts';
import { endedChildrenCpuSeconds } from './harness/process-usage.ts';
import { benchService } from './harness/service.ts';
import { installVegeta, vegeta, writeVegetaTargets } from './harness/vegeta.ts';

const run = promisify(execFile);
const CLI = join(import.meta.dirname, '../tools/load/main.ts');
const RATES = [500, 1_500, 3_000];
/** The largest allowed difference to vegeta, as a share. */
const MAX_DIFFERENCE = 0.15;
const LENGTHS = { full: { rounds: 15, seconds: 10 }, short: { rounds: 9, seconds: 4 } } as const;
const WARM_UP_SECONDS = 1;
const GENERATOR_CORE = '1';

/** One measurement of the latency of the service. Latencies are in milliseconds. */
interface Measurement {
  readonly p50: number;
  readonly p99: number;
  /** From the actual sending. Vegeta measures only this one. */
  readonly sentP50: number;
  readonly sentP99: number;
  /** Only of vegeta: the share of the requests that were sent in bunches. */
  readonly bunched: number;
  /** The mean number of cores that the generator used while it sent. */
  readonly cores: number;
}

type Tool = 'vegeta' | 'load';

/**
 * Compares the latencies that `npm run load` measures with those of vegeta: the same service, the same texts and the same
 * rates, alternately. The service runs on the first core, and the generator on the second. Prints a table, and sets the exit
 * code to 1 if they differ by more than 15 %. It compares the lower quartiles of the rounds, because other work of the machine
 * makes some rounds slower and none faster.
 *
 * Vegeta's timers are those of Go, which are exact to a millisecond. So above 1,000/s it sends its requests in bunches, and each
 * waits for those before it. The last column shows how many: they can make vegeta's latencies the larger ones.
 */
export async function runLoadToolBenchmark(full: boolean): Promise<void> {
  const { rounds, seconds } = full ? LENGTHS.full : LENGTHS.short;
  const program = await installVegeta();
  const folder = await mkdtemp(join(tmpdir(), 'waymark-load-tool-'));
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const texts = (await readMails()).map(({ text }) => ({ text }));
  const data = join(folder, 'texts.jsonl');
  await writeFile(data, texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
  const bodies = texts.map((text) => JSON.stringify(text));
  const targets = await writeVegetaTargets(folder, `${url}/predict`, bodies);
  const service = await start(
    benchService(ports, { DATA_DIR: join(folder, 'data') }),
    join(folder, 'service.log'),
    new AbortController().signal,
  );
  const metrics = `http://127.0.0.1:${ports.serviceMetrics}/metrics`;
  const tools: Record<Tool, (rate: number) => Promise<Measurement>> = {
    vegeta: (rate) => measureByVegeta(program, targets, rate, seconds),
    load: (rate) => measureByLoad({ url, metrics, data, folder }, rate, seconds),
  };
  try {
    // The service compiles its code in the first ten thousand requests.
    await vegeta(program, targets, { rate: 1_000, seconds: 15, cores: GENERATOR_CORE });
    let isGood = true;
    for (const rate of RATES) {
      const found: Record<Tool, Measurement[]> = { vegeta: [], load: [] };
      for (let round = 0; round < rounds; round += 1) {
        const order: Tool[] = round % 2 === 0 ? ['vegeta', 'load'] : ['load', 'vegeta'];
        for (const tool of order) {
          found[tool].push(await tools[tool](rate));
        }
      }
      isGood = report(rate, found.vegeta, found.load) && isGood;
    }
    process.stdout.write(
      `\nLoad of the machine: ${loadavg()[0]!.toFixed(1)}. Lower quartiles of ${rounds} rounds of ${seconds} s.\n`,
    );
    if (!isGood) process.exitCode = 1;
  } finally {
    await service.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureByVegeta(program: string, targets: string, rate: number, seconds: number) {
  const before = await endedChildrenCpuSeconds();
  const { p50, p99, success, bunched } = await vegeta(program, targets, { rate, seconds, cores: GENERATOR_CORE });
  const cores = ((await endedChildrenCpuSeconds()) - before) / seconds;
  return measurementOf({ p50, p99 }, { p50, p99 }, success, bunched, cores);
}

async function measureByLoad(
  { url, metrics, data, folder }: Record<'url' | 'metrics' | 'data' | 'folder', string>,
  rate: number,
  seconds: number,
) {
  const out = await mkdtemp(join(folder, 'report-'));
  const options = ['--target', url, '--metrics', metrics, '--data', data, '--out', out];
  await run('taskset', [
    ...['-c', GENERATOR_CORE, process.execPath, CLI, ...options, '--rate', String(rate), '--max-errors', '100%'],
    ...['--duration', `${seconds}s`, '--warm-up', `${WARM_UP_SECONDS}s`],
  ]);
  const name = (await readdir(out)).find((file) => file.endsWith('.json'))!;
  const { checkedPhases, generator } = JSON.parse(await readFile(join(out, name), 'utf8')) as LoadResult;
  const { latency, serviceTime, failed } = checkedPhases[0]!;
  return measurementOf(latency!, serviceTime!, failed === 0 ? 1 : 0, 0, generator.used);
}

type Percentiles = Pick<Measurement, 'p50' | 'p99'>;

/** Returns a measurement. A round with a failed request counts as infinitely slow: a refusal is faster than an answer. */
function measurementOf(
  latency: Percentiles,
  sent: Percentiles,
  success: number,
  bunched: number,
  cores: number,
): Measurement {
  if (success < 1) return { p50: Infinity, p99: Infinity, sentP50: Infinity, sentP99: Infinity, bunched, cores };
  return { p50: latency.p50, p99: latency.p99, sentP50: sent.p50, sentP99: sent.p99, bunched, cores };
}

/** Prints the rows of one rate. Returns whether both tools agree. */
function report(rate: number, byVegeta: readonly Measurement[], byLoad: readonly Measurement[]): boolean {
  const of = (measurements: readonly Measurement[], name: keyof Measurement) =>
    lowerQuartile(measurements.map((measurement) => measurement[name]));
  if (rate === RATES[0]) {
    process.stdout.write(
      '| rate | vegeta p50, p99 | load p50, p99 | ratio p50, p99 | load from sending p50, p99 | cores: vegeta, load | bunched by vegeta |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n',
    );
  }
  const ratios = (['p50', 'p99'] as const).map((name) => of(byLoad, name) / of(byVegeta, name));
  const pair = (measurements: readonly Measurement[], names: readonly (keyof Measurement)[]) =>
    `${names.map((name) => of(measurements, name).toFixed(2)).join(', ')} ms`;
  process.stdout.write(
    `| ${rate}/s | ${pair(byVegeta, ['p50', 'p99'])} | ${pair(byLoad, ['p50', 'p99'])} | ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')} | ${pair(byLoad, ['sentP50', 'sentP99'])} | ${of(byVegeta, 'cores').toFixed(2)}, ${of(byLoad, 'cores').toFixed(2)} | ${(of(byVegeta, 'bunched') * 100).toFixed(0)} % |\n`,
  );
  return ratios.every((ratio) => Math.abs(ratio - 1) <= MAX_DIFFERENCE);
}

function lowerQuartile(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 4)]!;
}
