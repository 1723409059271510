import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePorts } from '../tools/stack/ports.ts';
import { startArguments } from '../tools/stack/start-command.ts';
import { median } from './harness/median.ts';

/** The goals: the time until the service is ready with compiled code, and the memory of a supervisor. */
const MAX_READY_MS = 500;
const MAX_SUPERVISOR_MIB = 60;

const STARTS = 7;
const FULL_STARTS = 25;

const PROJECT = join(import.meta.dirname, '..');
const COUNT_MODULES = join(import.meta.dirname, 'harness/count-modules.cjs');

/** Linux reports the CPU time of a process in hundredths of a second. */
const TICK_MS = 10;

interface Start {
  /** From the start of the process until the log says that the service is ready. */
  readonly readyMs: number;
  /** The CPU time of the process itself until then, with its threads and without its children. */
  readonly cpuMs: number;
  readonly residentMiB: number;
  /** The same, with a page that n processes share counted as one n-th. */
  readonly proportionalMiB: number;
}

interface Variant {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** Compiles all code, as the very first start does. */
  readonly isCold?: boolean;
}

const VARIANTS: readonly Variant[] = [
  { name: 'first start ever', env: {}, isCold: true },
  { name: 'each later start', env: {} },
  { name: 'with a receiver of telemetry', env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } },
  { name: 'without telemetry', env: { OTEL_SDK_DISABLED: 'true' } },
  { name: 'supervisor of two workers', env: { WORKERS: '2' } },
];

/**
 * Measures starts of the service: the time until it is ready, its CPU time and memory then, and how many modules it loaded.
 * Sets the exit code to 1 if a goal is missed.
 */
export async function runStartBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-start-'));
  const lines: string[] = [];
  try {
    for (const { name, env, isCold } of VARIANTS) {
      process.stderr.write(`${name}\n`);
      const modules = await countModules(folder, env);
      const starts: Start[] = [];
      for (let run = 0; run < (full ? FULL_STARTS : STARTS); run += 1) {
        const cache = isCold ? { NODE_COMPILE_CACHE: join(folder, `cache-${run}`) } : {};
        starts.push(await measureStart(folder, { ...env, ...cache }));
      }
      const of = (field: keyof Start) => median(starts.map((start) => start[field]));
      const times = [of('readyMs'), of('cpuMs')].map((ms) => `${ms.toFixed(0)} ms`);
      const sizes = [of('residentMiB'), of('proportionalMiB')].map((size) => `${size.toFixed(0)} MiB`);
      lines.push(`| ${[name, ...times, ...sizes, modules].join(' | ')} |`);
      // The workers of a supervisor start after it.
      const isMissed =
        'WORKERS' in env ? of('proportionalMiB') > MAX_SUPERVISOR_MIB : !isCold && of('readyMs') > MAX_READY_MS;
      if (isMissed) process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(
    [
      '### Start',
      '',
      '| start | ready after | CPU time until then | resident memory then | proportional | modules |',
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...lines,
      '',
    ].join('\n'),
  );
}

async function measureStart(folder: string, env: Readonly<Record<string, string>>): Promise<Start> {
  const started = performance.now();
  const service = await spawnService(folder, env);
  await ready(service);
  const readyMs = performance.now() - started;
  const [stat, status, rollup] = await Promise.all(
    ['stat', 'status', 'smaps_rollup'].map((name) => readFile(`/proc/${service.pid}/${name}`, 'utf8')),
  );
  await stop(service, 'SIGKILL');
  // After the command name, which is in parentheses, field 12 is the user time and field 13 the system time.
  const fields = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ');
  return {
    readyMs,
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status!)?.[1]) / 1024,
    proportionalMiB: Number(/^Pss:\s+(\d+)/m.exec(rollup!)?.[1]) / 1024,
  };
}

/** Counts the modules that a start loads, in a run of its own, because counting takes time. */
async function countModules(folder: string, env: Readonly<Record<string, string>>): Promise<number> {
  const file = join(folder, 'modules');
  const service = await spawnService(folder, { ...env, MODULES_FILE: file }, ['--require', COUNT_MODULES]);
  await ready(service);
  await stop(service, 'SIGTERM');
  return (await readFile(file, 'utf8')).trim().split('\n').length;
}

async function spawnService(folder: string, env: Readonly<Record<string, string>>, options: readonly string[] = []) {
  const ports = await freePorts();
  const DATA_DIR = await mkdtemp(join(folder, 'data-'));
  const OTEL_EXPORTER_PROMETHEUS_PORT = String(ports.serviceMetrics);
  return spawn(process.execPath, [...options, ...startArguments('start')], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR, OTEL_EXPORTER_PROMETHEUS_PORT, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function ready(service: ChildProcess): Promise<void> {
  for await (const line of createInterface({ input: service.stdout! })) {
    if ((JSON.parse(line) as { msg: string }).msg === 'ready') return;
  }
  throw new Error('the service ended before it was ready');
}

async function stop(service: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(service, 'exit');
  service.stdout!.destroy();
  service.kill(signal);
  await exited;
}
