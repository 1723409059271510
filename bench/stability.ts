import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadResult } from '../tools/load/scenarios/result.ts';
import { start } from '../tools/stack/processes.ts';
import { benchService, startBenchEnvironment } from './harness/service.ts';
import { readMails } from './harness/mails.ts';

const CLI = join(import.meta.dirname, '../tools/load/main.ts');
const SIGNAL = new AbortController().signal;
/** Of the knee. */
const SHARE = 0.7;

/**
 * Whether the service stays what it is: finds the knee with `npm run load`'s stress, then soaks a new process at 70 % of it,
 * ten minutes with `full`, else two. The service traces every request and has the first core to itself; load generator and
 * Collector share the second. Prints both reports; fails where the soak does.
 */
export async function runStabilityBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-stability-'));
  const { test } = await readMails();
  const { ports, collector, traced } = await startBenchEnvironment(folder, SIGNAL);
  const load = async (scenario: 'stress' | 'soak', options: readonly string[]): Promise<LoadResult> => {
    const component = benchService(ports, { DATA_DIR: join(folder, 'data'), ...traced });
    const service = await start(component, join(folder, 'service.log'), SIGNAL);
    const out = await mkdtemp(join(folder, 'report-'));
    try {
      const code = await run([
        scenario,
        ...['--target', `http://127.0.0.1:${ports.service}`, '--data', test],
        ...['--metrics', `http://127.0.0.1:${ports.serviceMetrics}/metrics`, '--out', out],
        ...options,
      ]);
      const report = (await readdir(out)).find((name) => name.endsWith('.json'));
      if (report === undefined) throw new Error(`the ${scenario} test ended with ${code}`);
      return JSON.parse(await readFile(join(out, report), 'utf8'));
    } finally {
      await service.stop();
    }
  };
  try {
    const { knee } = await load('stress', []);
    if (!knee?.rate) throw new Error('there is no rate at which the service meets its objective');
    const rate = Math.round(SHARE * knee.rate);
    const { passed } = await load('soak', [
      // A process that is new grows until V8 has compiled what it runs and has once cleaned up.
      ...['--rate', String(rate), '--duration', full ? '10m' : '2m', '--warm-up', full ? '3m' : '1m'],
      ...['--max-errors', '0'],
    ]);
    if (!passed) process.exitCode = 1;
  } finally {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the load tool on the second core, its output shown; returns its exit code. */
function run(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const tool = spawn('taskset', ['-c', '1', process.execPath, CLI, ...args], { stdio: 'inherit' });
    tool.once('error', reject);
    tool.once('exit', resolve);
  });
}
