import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { writeInitialPolicy } from '../src/models/policy-file.ts';
import type { GrowthVerdict } from '../tools/load/scenarios/leak.ts';
import type { LoadResult } from '../tools/load/scenarios/result.ts';
import { checkStability } from '../tools/load/scenarios/stability.ts';
import { start } from '../tools/stack/processes.ts';
import { readMails } from './harness/mails.ts';
import { writeManyVersions } from './harness/many-versions.ts';
import { startMixedTraffic } from './harness/mixed-traffic.ts';
import { benchService, startBenchEnvironment } from './harness/service.ts';

const CLI = join(import.meta.dirname, '../tools/load/main.ts');
/** The rate of the soak, as a share of the knee. */
const SOAK_SHARE = 0.7;
/** The pause after a retraining in which its version is loaded and compiled, in seconds. */
const SETTLE_SECONDS = 60;
/** The lengths of the soak and its warm-up in minutes. */
const LENGTHS = { full: { soak: 20, warmUp: 3 }, short: { soak: 2, warmUp: 1 } } as const;

/**
 * Checks that the service is stable under a long load. Finds the knee by the stress scenario of `npm run load`, then
 * soaks a new process at 70 % of that rate: for twenty minutes with `full`, otherwise for two. Beside it there is mixed
 * traffic, and a retraining begins after a third of the time. A version runs in the shadow from the start, as the new one of the
 * retraining does afterwards: otherwise the rate would be 70 % of the knee of half of the work. The service traces every request and runs alone on the
 * first core; load generator and Collector share the second. Prints both reports, and sets the exit code to 1 if the soak
 * fails: one error, or memory that grows before the retraining or after it. The step between them does not count: the new version
 * is in memory, and the former shadow leaves it ten minutes later.
 */
export async function runStabilityBenchmark(full: boolean): Promise<void> {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), 'waymark-stability-'));
  const { train, test, sent } = await readMails();
  const models = join(folder, 'models');
  await writeManyVersions(models, 2);
  await writeInitialPolicy(join(models, 'spam'), { paths: [train] });
  const { ports, collector, traced } = await startBenchEnvironment(folder, signal);
  const url = `http://127.0.0.1:${ports.service}`;
  const load = async <T>(
    scenario: 'stress' | 'soak',
    options: readonly string[],
    beside: () => Promise<T>,
  ): Promise<[LoadResult, T]> => {
    const component = benchService(ports, { DATA_DIR: join(folder, 'data'), MODELS_DIR: models, ...traced });
    const service = await start(component, join(folder, 'service.log'), signal);
    const out = await mkdtemp(join(folder, 'report-'));
    try {
      await setShadow(url);
      const loading = run([
        scenario,
        ...['--target', url, '--data', test],
        ...['--metrics', `http://127.0.0.1:${ports.serviceMetrics}/metrics`, '--out', out],
        ...options,
      ]);
      const [code, besideResult] = await Promise.all([loading, beside()]);
      const report = (await readdir(out)).find((name) => name.endsWith('.json'));
      if (report === undefined) throw new Error(`the ${scenario} test exited with ${code}`);
      return [JSON.parse(await readFile(join(out, report), 'utf8')), besideResult];
    } finally {
      await service.stop();
    }
  };
  try {
    const [{ knee }] = await load('stress', [], async () => {});
    if (!knee?.rate) throw new Error('there is no rate at which the service meets its objective');
    const rate = Math.round(SOAK_SHARE * knee.rate);
    const { soak, warmUp } = full ? LENGTHS.full : LENGTHS.short;
    const options = ['--rate', String(rate), '--duration', `${soak}m`, '--warm-up', `${warmUp}m`, '--max-errors', '0'];
    const texts = sent.map(({ text }) => text);
    // A new process grows until V8 has compiled the hot code and has run its first major collection.
    const [result, mixed] = await load('soak', options, () => sendMixed(url, texts, (soak + warmUp) * 60_000));
    const parts = checkParts(result, mixed);
    for (const [part, { quantity, verdict, reason }] of parts) {
      process.stdout.write(`${quantity} ${part}: ${verdict}, ${reason}\n`);
    }
    const isLeaking = parts.some(([, { verdict }]) => verdict === 'leak');
    const others = result.checks.filter(({ name }) => !name.startsWith('leak in '));
    if (isLeaking || !mixed.isGood || !others.every(({ passed }) => passed)) process.exitCode = 1;
  } finally {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the older version the shadow of the newest. */
async function setShadow(url: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/models/spam/shadow`, { method: 'POST', headers, body: '{"version": "1"}' });
  if (!response.ok) throw new Error(`the shadow was not set: ${await response.text()}`);
}

/** The result of mixed traffic. Times are in seconds since its start. */
interface Mixed {
  /** True if all answers were good. */
  readonly isGood: boolean;
  readonly retraining: readonly [from: number, to: number];
}

/** Sends mixed traffic for a time, with a retraining after a third of it. Prints the answers. */
async function sendMixed(url: string, texts: readonly string[], milliseconds: number): Promise<Mixed> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const traffic = startMixedTraffic(url, texts);
  const end = delay(milliseconds);
  await delay(milliseconds / 3);
  const from = seconds();
  const state = await traffic.retrain();
  const to = seconds();
  await end;
  const answers = await traffic.stop();
  const lines = [...answers].sort().map(([request, count]) => `${request}: ${count}\n`);
  process.stdout.write(`\nMixed traffic, with a retraining (${state}):\n${lines.join('')}`);
  const isGood = state === 'succeeded' && [...answers.keys()].every((request) => /20[02]$/.test(request));
  return { isGood, retraining: [from, to] };
}

/** Looks for leaks before the retraining and after it. The run of the load tool and the mixed traffic begin at the same time. */
function checkParts(
  { checkedPhases, resources }: LoadResult,
  { retraining: [from, to] }: Mixed,
): [part: string, GrowthVerdict][] {
  const soak = checkedPhases[0]!;
  const parts = [
    ['before the retraining', { ...soak, to: from }],
    ['after it', { ...soak, from: to + SETTLE_SECONDS }],
  ] as const;
  return parts.flatMap(([part, phase]) =>
    checkStability(phase, [], resources).memory.map((verdict): [string, GrowthVerdict] => [part, verdict]),
  );
}

/** Runs the load tool on the second core with its output shown, and returns its exit code. */
function run(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const tool = spawn('taskset', ['-c', '1', process.execPath, CLI, ...args], { stdio: 'inherit' });
    tool.once('error', reject);
    tool.once('exit', resolve);
  });
}
