import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadResult } from '../tools/load/scenarios/result.ts';
import { start } from '../tools/stack/processes.ts';
import { readMails } from './harness/mails.ts';
import { benchService, startBenchEnvironment } from './harness/service.ts';

const CLI = join(import.meta.dirname, '../tools/load/main.ts');
/** The rate of the soak, as a share of the knee. */
const SOAK_SHARE = 0.7;

/**
 * Checks that the service is stable under a long load. Finds the knee by the stress scenario of `npm run load`, then
 * soaks a new process at 70 % of that rate: for ten minutes with `full`, otherwise for two. The service traces every
 * request and runs alone on the first core; load generator and Collector share the second. Prints both reports, and
 * sets the exit code to 1 if the soak fails.
 */
export async function runStabilityBenchmark(full: boolean): Promise<void> {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'waymark-stability-'));
  const { test } = await readMails();
  const { ports, collector, traced } = await startBenchEnvironment(folder, signal);
  const load = async (scenario: 'stress' | 'soak', options: readonly string[]): Promise<LoadResult> => {
    const component = benchService(ports, { DATA_DIR: join(folder, 'data'), ...traced });
    const service = await start(component, join(folder, 'service.log'), signal);
    const out = await mkdtemp(join(folder, 'report-'));
    try {
      const code = await run([
        scenario,
        ...['--target', `http://127.0.0.1:${ports.service}`, '--data', test],
        ...['--metrics', `http://127.0.0.1:${ports.serviceMetrics}/metrics`, '--out', out],
        ...options,
      ]);
      const report = (await readdir(out)).find((name) => name.endsWith('.json'));
      if (report === undefined) throw new Error(`the ${scenario} test exited with ${code}`);
      return JSON.parse(await readFile(join(out, report), 'utf8'));
    } finally {
      await service.stop();
    }
  };
  try {
    const { knee } = await load('stress', []);
    if (!knee?.rate) throw new Error('there is no rate at which the service meets its objective');
    const rate = Math.round(SOAK_SHARE * knee.rate);
    const { passed } = await load('soak', [
      // A new process grows until V8 has compiled the hot code and has run its first major collection.
      ...['--rate', String(rate), '--duration', full ? '10m' : '2m', '--warm-up', full ? '3m' : '1m'],
      ...['--max-errors', '0'],
    ]);
    if (!passed) process.exitCode = 1;
  } finally {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the load tool on the second core with its output shown, and returns its exit code. */
function run(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const tool = spawn('taskset', ['-c', '1', process.execPath, CLI, ...args], { stdio: 'inherit' });
    tool.once('error', reject);
    tool.once('exit', resolve);
  });
}
