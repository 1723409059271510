import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type ClientRequest, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMails } from '../tools/stack/check/traffic.ts';
import { start } from '../tools/stack/processes.ts';
import { type BenchEnvironment, benchService, startBenchEnvironment } from './harness/service.ts';
import { writeWrkScript, wrk } from './harness/wrk.ts';
import { busyByPart } from './profile-parts.ts';

const WARM_UP_SECONDS = 5;
const TOKENS = 1_000;
const CONSOLES = 50;

/** A column of the table: the settings of the service, and the load on it. */
interface Variant {
  readonly name: string;
  readonly env: Record<string, string>;
  /** The path of the `wrk` script. */
  readonly script: string;
  /** The number of consoles that follow the predictions. */
  readonly consoles?: number;
}

/**
 * Measures the time of the main thread by part for one request: with telemetry off, with every request traced, and then also
 * with 1,000 tokens or with 50 open consoles. Prints a Markdown table. A profile costs time itself, so only the shares are
 * meaningful.
 */
export async function runProfileBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-profile-'));
  const environment = await startBenchEnvironment(folder, new AbortController().signal);
  const { script, traced } = environment;
  try {
    const tokens = await writeTokens(folder);
    const variants: Variant[] = [
      { name: 'telemetry off', env: { OTEL_SDK_DISABLED: 'true' }, script },
      { name: 'every request traced', env: traced, script },
      { name: '1,000 tokens', env: { ...traced, API_TOKENS_FILE: tokens.file }, script: tokens.script },
      { name: '50 consoles', env: traced, script, consoles: CONSOLES },
    ];
    const columns = new Map<string, Map<string, number>>();
    for (const variant of variants) {
      columns.set(variant.name, await profile(folder, environment, full ? 20 : 6, variant));
    }
    process.stdout.write(table(columns));
  } finally {
    await environment.collector.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Writes a file of tokens, and a `wrk` script whose requests have the last of them. */
async function writeTokens(folder: string): Promise<{ file: string; script: string }> {
  const file = join(folder, 'tokens.json');
  const tokens = Array.from({ length: TOKENS }, (_, index) => ({
    name: `client-${index}`,
    sha256: createHash('sha256').update(`token-${index}`).digest('hex'),
    scopes: ['predict'],
  }));
  await writeFile(file, JSON.stringify({ tokens }));
  const bodies = (await readMails()).map(({ text }) => ({ text }));
  const authorization = `Bearer token-${TOKENS - 1}`;
  return { file, script: await writeWrkScript(folder, 'with-token', '/predict', bodies, { authorization }) };
}

/** Returns the microseconds of one request by part. */
async function profile(
  folder: string,
  { ports }: BenchEnvironment,
  seconds: number,
  { env, script, consoles = 0 }: Variant,
): Promise<Map<string, number>> {
  const profiles = await mkdtemp(join(folder, 'profiles-'));
  const url = `http://127.0.0.1:${ports.service}`;
  const started = performance.now();
  const profiling = ['--cpu-prof', `--cpu-prof-dir=${profiles}`, '--cpu-prof-interval=500'];
  const component = benchService(ports, { DATA_DIR: join(folder, 'data'), ...env }, profiling);
  const service = await start(component, join(folder, 'service.log'), new AbortController().signal);
  await wrk(script, url, WARM_UP_SECONDS);
  const opened = await Promise.all(Array.from({ length: consoles }, () => openConsole(url)));
  const from = (performance.now() - started) / 1000;
  const { requests } = await wrk(script, url, seconds);
  const to = (performance.now() - started) / 1000;
  for (const console of opened) console.destroy();
  await service.stop();
  const written = (await readdir(profiles)).filter((name) => name.endsWith('.cpuprofile'));
  const texts = await Promise.all(written.map((name) => readFile(join(profiles, name), 'utf8')));
  // Each thread writes a profile. The longest one is that of the main thread.
  const longest = texts.sort((a, b) => b.length - a.length)[0]!;
  const busy = busyByPart(JSON.parse(longest), from, to);
  return new Map([...busy].map(([part, microseconds]) => [part, microseconds / requests]));
}

/** Opens the stream that an open console reads. */
function openConsole(url: string): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const request = get(`${url}/predictions/stream`, { agent: false }, (response) => {
      response.resume().on('error', () => {});
      resolve(request);
    });
    request.on('error', reject);
  });
}

function table(columns: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const names = [...columns.keys()];
  const sumOf = (name: string) => [...columns.get(name)!.values()].reduce((total, one) => total + one, 0);
  const traced = columns.get('every request traced')!;
  const cell = (microseconds: number) => (microseconds < 0.05 ? '' : `${microseconds.toFixed(1)} µs`);
  const rows = [...traced.keys()]
    .sort((a, b) => traced.get(b)! - traced.get(a)!)
    .map((part) => `| ${part} | ${names.map((name) => cell(columns.get(name)!.get(part) ?? 0)).join(' | ')} |`);
  return [
    '### Where the time of one request goes: real mails, one a request, main thread, while profiled',
    '',
    `| part | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '---:').join(' | ')} |`,
    ...rows,
    `| all | ${names.map((name) => cell(sumOf(name))).join(' | ')} |`,
    '',
    '',
  ].join('\n');
}
