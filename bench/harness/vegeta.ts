import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { goInstall } from '../../tools/stack/go-build.ts';
import { step } from '../../tools/stack/progress.ts';

const run = promisify(execFile);

const VERSION = 'v12.13.0';
const FOLDER = cacheFolder(`vegeta-${VERSION}-${process.platform}-${process.arch}`);
const NANOSECONDS_PER_MILLISECOND = 1e6;

const reportSchema = z.object({
  latencies: z.object({ '50th': z.number(), '90th': z.number(), '99th': z.number(), max: z.number() }),
  requests: z.number(),
  success: z.number(),
});

/** The result of an attack by vegeta. Latencies are in milliseconds, from the sending of a request. */
export interface VegetaResult {
  readonly requests: number;
  /** The share of the requests with a good answer. */
  readonly success: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  /** The share of the requests that were sent within a third of the interval after the one before. */
  readonly bunched: number;
}

/** Installs vegeta into the cache, if it is missing, and returns its path. It needs Go. */
export async function installVegeta(): Promise<string> {
  const program = join(FOLDER, 'vegeta');
  if (!existsSync(program)) {
    await mkdir(FOLDER, { recursive: true });
    await step(process.stderr, `vegeta ${VERSION}, built once`, () =>
      goInstall(`github.com/tsenart/vegeta/v12@${VERSION}`, FOLDER, new AbortController().signal),
    );
  }
  return program;
}

/** Writes a file with which vegeta posts bodies in a cycle, and returns its path. */
export async function writeVegetaTargets(folder: string, url: string, bodies: readonly string[]): Promise<string> {
  const file = join(folder, 'targets.jsonl');
  const header = { 'Content-Type': ['application/json'], Accept: ['application/json'] };
  const lines = bodies.map((body) =>
    JSON.stringify({ method: 'POST', url, header, body: Buffer.from(body).toString('base64') }),
  );
  await writeFile(file, lines.join('\n'));
  return file;
}

/**
 * Sends requests at a steady rate by vegeta.
 *
 * @param cores the cores as `taskset` reads them
 */
export async function vegeta(
  program: string,
  targets: string,
  { rate, seconds, cores }: { rate: number; seconds: number; cores: string },
): Promise<VegetaResult> {
  const results = `${targets}.bin`;
  const options = ['-format=json', `-targets=${targets}`, `-rate=${rate}`, `-duration=${seconds}s`, '-timeout=5s'];
  await run('taskset', ['-c', cores, program, 'attack', ...options, `-output=${results}`]);
  const { stdout } = await run(program, ['report', '-type=json', results]);
  const bunched = await shareOfBunched(program, results, 1_000 / rate);
  await rm(results);
  const { latencies, requests, success } = reportSchema.parse(JSON.parse(stdout));
  const [p50, p90, p99] = (['50th', '90th', '99th'] as const).map(
    (name) => latencies[name] / NANOSECONDS_PER_MILLISECOND,
  );
  return { requests, success, p50: p50!, p90: p90!, p99: p99!, bunched };
}

async function shareOfBunched(program: string, results: string, intervalMs: number): Promise<number> {
  const { stdout } = await run('sh', ['-c', '"$0" encode -to csv "$1" | cut -d, -f1 | sort -n', program, results], {
    maxBuffer: 100_000_000,
  });
  const times = stdout.trim().split('\n').map(Number);
  const maxGap = (intervalMs * NANOSECONDS_PER_MILLISECOND) / 3;
  return times.filter((time, at) => at > 0 && time - times[at - 1]! < maxGap).length / times.length;
}
