import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../tools/stack/processes.ts';
import { type BenchEnvironment, benchService, startBenchEnvironment } from './harness/service.ts';
import { wrk } from './harness/wrk.ts';
import { busyByPart } from './profile-parts.ts';

const WARM_UP_SECONDS = 5;

/**
 * Measures the time of the main thread by part for one request, with telemetry off and with every request traced.
 * Prints a Markdown table. A profile costs time itself, so only the shares are meaningful.
 */
export async function runProfileBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-profile-'));
  const environment = await startBenchEnvironment(folder, new AbortController().signal);
  try {
    const seconds = full ? 20 : 6;
    const off = await profile(folder, environment, seconds, { OTEL_SDK_DISABLED: 'true' });
    const on = await profile(folder, environment, seconds, environment.traced);
    process.stdout.write(table(off, on));
  } finally {
    await environment.collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Returns the microseconds of one request by part. */
async function profile(
  folder: string,
  { script, ports }: BenchEnvironment,
  seconds: number,
  env: Record<string, string>,
): Promise<Map<string, number>> {
  const profiles = await mkdtemp(join(folder, 'profiles-'));
  const url = `http://127.0.0.1:${ports.service}`;
  const started = performance.now();
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=500'];
  const component = benchService(ports, { DATA_DIR: join(folder, 'data'), ...env }, profiling);
  const service = await start(component, join(folder, 'service.log'), new AbortController().signal);
  await wrk(script, url, WARM_UP_SECONDS);
  const from = (performance.now() - started) / 1000;
  const { requests } = await wrk(script, url, seconds);
  const to = (performance.now() - started) / 1000;
  await service.stop();
  const written = (await readdir(profiles)).filter((name) => name.endsWith('.cpuprofile'));
  const texts = await Promise.all(written.map((name) => readFile(join(profiles, name), 'utf8')));
  // Each thread writes a profile. The longest one is that of the main thread.
  const longest = texts.sort((a, b) => b.length - a.length)[0]!;
  const busy = busyByPart(JSON.parse(longest), from, to);
  return new Map([...busy].map(([part, microseconds]) => [part, microseconds / requests]));
}

function table(off: ReadonlyMap<string, number>, on: ReadonlyMap<string, number>): string {
  const sum = (parts: ReadonlyMap<string, number>) => [...parts.values()].reduce((total, one) => total + one, 0);
  const cell = (microseconds: number) => (microseconds < 0.05 ? '' : `${microseconds.toFixed(1)} µs`);
  const rows = [...on.keys()]
    .sort((a, b) => on.get(b)! - on.get(a)!)
    .map((part) => `| ${part} | ${cell(off.get(part) ?? 0)} | ${cell(on.get(part) ?? 0)} |`);
  return [
    '### Where the time of one request goes: real mails, one a request, main thread, while profiled',
    '',
    '| part | telemetry off | every request traced |',
    '| --- | ---: | ---: |',
    ...rows,
    `| all | ${cell(sum(off))} | ${cell(sum(on))} |`,
    '',
    '',
  ].join('\n');
}
