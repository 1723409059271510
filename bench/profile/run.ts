import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Component } from '../../otel/stack/components.ts';
import { installTools } from '../../otel/stack/install.ts';
import { freePorts, type Ports } from '../../otel/stack/ports.ts';
import { start } from '../../otel/stack/processes.ts';
import { readMails } from '../../otel/stack/traffic.ts';
import { benchCollector } from '../collector.ts';
import { writeWrkScript, wrk } from '../wrk.ts';
import { busyByPart } from './parts.ts';

const PROJECT = join(import.meta.dirname, '../..');
const SIGNAL = new AbortController().signal;
const WARM_UP_SECONDS = 5;

/**
 * Where the time of one request goes, from socket to socket: prints a Markdown table of what the main thread was busy with,
 * with telemetry off and with every request traced. Taking a profile costs some time itself: the shares are what counts.
 */
export async function runProfileBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-profile-'));
  const tools = await installTools(process.stderr, SIGNAL);
  const ports = await freePorts();
  const mails = await readMails();
  const script = await writeWrkScript(
    folder,
    'predict',
    '/predict',
    mails.map(({ text }) => ({ text })),
  );
  const collector = await start(benchCollector(tools.collector, ports), join(folder, 'collector.log'), SIGNAL);
  try {
    const seconds = full ? 20 : 6;
    const off = await profile(folder, script, ports, seconds, { OTEL_SDK_DISABLED: 'true' });
    const endpoint = `http://127.0.0.1:${ports.collectorOtlpHttp}`;
    const on = await profile(folder, script, ports, seconds, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    process.stdout.write(table(off, on));
  } finally {
    await collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Microseconds of one request, by part. */
async function profile(
  folder: string,
  script: string,
  ports: Ports,
  seconds: number,
  env: Record<string, string>,
): Promise<Map<string, number>> {
  const profiles = await mkdtemp(join(folder, 'profiles-'));
  const url = `http://127.0.0.1:${ports.service}`;
  const begun = performance.now();
  const service = await start(
    profiledService(profiles, ports, { DATA_DIR: join(folder, 'data'), ...env }),
    join(folder, 'service.log'),
    SIGNAL,
  );
  await wrk(script, url, WARM_UP_SECONDS);
  const from = (performance.now() - begun) / 1000;
  const { requests } = await wrk(script, url, seconds);
  const to = (performance.now() - begun) / 1000;
  await service.stop();
  const written = (await readdir(profiles)).filter((name) => name.endsWith('.cpuprofile'));
  const texts = await Promise.all(written.map((name) => readFile(join(profiles, name), 'utf8')));
  // Threads write one each: the main thread did most.
  const longest = texts.sort((a, b) => b.length - a.length)[0]!;
  const busy = busyByPart(JSON.parse(longest), from, to);
  return new Map([...busy].map(([part, microseconds]) => [part, microseconds / requests]));
}

function profiledService(profiles: string, ports: Ports, env: Record<string, string>): Component {
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=500'];
  return {
    name: 'waymark',
    file: 'taskset',
    args: ['-c', '0', process.execPath, ...profiling, '--import', './otel/preload.ts', 'src/main.ts'],
    env: { PORT: String(ports.service), OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.serviceMetrics), ...env },
    cwd: PROJECT,
    health: `http://127.0.0.1:${ports.service}/readyz`,
    stopWithinMs: 60_000,
  };
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
