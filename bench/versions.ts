import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { postJson } from '../tools/stack/check/traffic.ts';
import { freePorts } from '../tools/stack/ports.ts';
import { start } from '../tools/stack/processes.ts';
import { writeManyVersions } from './harness/many-versions.ts';
import { median } from './harness/median.ts';
import { cpuSeconds, residentMiB } from './harness/process-usage.ts';
import { benchService } from './harness/service.ts';

const MAX_READY_SECONDS = 2;
const MAX_MIB = 300;

/** The pause after which the memory is measured, so that garbage of the start is collected. */
const SETTLE_MS = 3_000;

interface Measured {
  readonly versions: number;
  readonly workers: number;
  readonly readySeconds: number;
  /** The CPU time of all processes until then, which depends less on other work of the machine. */
  readonly readyCpuSeconds: number;
  readonly readyMiB: number;
  readonly namedMiB: number;
  /** The milliseconds of the first request for each version. */
  readonly named: readonly number[];
  /** The longest answer of a health check in that time, in milliseconds. */
  readonly longestCheck: number;
}

/**
 * Measures the start and the memory of a service with a hundred versions on disk, and with one for comparison. Then names
 * every version in a request, so that each of them is loaded. Sets the exit code to 1 if a start takes more than 2 s or a
 * process more than 300 MB.
 */
export async function runVersionsBenchmark(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-versions-'));
  try {
    const measured: Measured[] = [];
    for (const [versions, workers] of [
      [1, 1],
      [100, 1],
      [100, 2],
    ] as const) {
      const models = join(folder, `models-${versions}`);
      await writeManyVersions(models, versions);
      process.stderr.write(`${versions} versions, WORKERS=${workers}\n`);
      measured.push(await measure(join(folder, `${versions}-${workers}`), models, versions, workers));
    }
    report(measured);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, models: string, versions: number, workers: number): Promise<Measured> {
  const ports = await freePorts();
  const url = `http://127.0.0.1:${ports.service}`;
  const log = join(folder, 'service.log');
  const env = { DATA_DIR: join(folder, 'data'), MODELS_DIR: models, WORKERS: String(workers) };
  const service = await start(benchService(ports, env), log, new AbortController().signal);
  try {
    const readyCpuSeconds = await cpuSeconds(service.pid);
    await delay(SETTLE_MS);
    const readyMiB = await residentMiB(service.pid);
    const [named, longestCheck] = await nameEach(url, versions);
    return {
      versions,
      workers,
      readySeconds: await startupSeconds(log),
      readyCpuSeconds,
      readyMiB,
      namedMiB: await residentMiB(service.pid),
      named,
      longestCheck,
    };
  } finally {
    await service.stop();
  }
}

/** Names each version in one request, and checks the health of the service in the meantime. */
async function nameEach(url: string, versions: number): Promise<[named: number[], longestCheck: number]> {
  let done = false;
  let longestCheck = 0;
  const checks = (async () => {
    while (!done) {
      const started = performance.now();
      await (await fetch(`${url}/livez`)).arrayBuffer();
      longestCheck = Math.max(longestCheck, performance.now() - started);
      await delay(5);
    }
  })();
  const named: number[] = [];
  for (let version = 1; version <= versions; version += 1) {
    const started = performance.now();
    await postJson(`${url}/predict`, { text: 'a mail', model: `spam@${version}` });
    named.push(performance.now() - started);
  }
  done = true;
  await checks;
  return [named, longestCheck];
}

async function startupSeconds(log: string): Promise<number> {
  for (const line of (await readFile(log, 'utf8')).split('\n')) {
    if (!line.startsWith('{')) continue;
    const record = JSON.parse(line) as Record<string, unknown>;
    if (record['msg'] === 'ready') return Number(record['startup.seconds']);
  }
  throw new Error(`${log} has no record that the service is ready`);
}

function report(measured: readonly Measured[]): void {
  const lines = [
    '### Versions on disk',
    '',
    '| versions | WORKERS | ready after | CPU time until then | memory when ready | memory after each was named | first request for a version: median | longest | longest `/livez` meanwhile |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...measured.map(({ readyMiB, namedMiB, named, longestCheck, ...row }) => {
      const times = [median(named), Math.max(...named), longestCheck].map((ms) => `${ms.toFixed(0)} ms`);
      const sizes = [readyMiB, namedMiB].map((size) => `${size.toFixed(0)} MiB`);
      const starts = [row.readySeconds, row.readyCpuSeconds].map((seconds) => `${seconds.toFixed(2)} s`);
      return `| ${[row.versions, row.workers, ...starts, ...sizes, ...times].join(' | ')} |`;
    }),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  const isMissed = ({ readySeconds, namedMiB, workers }: Measured) =>
    readySeconds > MAX_READY_SECONDS || namedMiB / workers > MAX_MIB;
  if (measured.some(isMissed)) process.exitCode = 1;
}
