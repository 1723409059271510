import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { freePorts } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { cpuSecondsFor, residentMiB } from '../harness/process-usage.ts';
import { type BenchEnvironment, benchService, startBenchEnvironment } from '../harness/service.ts';
import { type WrkResult, wrk } from '../harness/wrk.ts';

/** The settings of the compared variants of the service. */
const variants = {
  off: () => ({ OTEL_SDK_DISABLED: 'true' }),
  'every request traced': ({ traced }: BenchEnvironment) => traced,
  'one in ten traced': ({ traced }: BenchEnvironment) => sampled(traced, '0.1'),
  'one in a hundred traced': ({ traced }: BenchEnvironment) => sampled(traced, '0.01'),
};

function sampled(traced: Record<string, string>, share: string): Record<string, string> {
  return { ...traced, OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: share };
}

export type Variant = keyof typeof variants;

/** The measurement of one round of a variant. */
export interface Measurement extends WrkResult {
  /** The CPU time of the service per request, all threads. It varies less on a busy machine than the other figures. */
  readonly cpuMicroseconds: number;
  readonly residentMiB: number;
}

/** V8 needs some ten thousand requests until the code is compiled, and a hundred times as many if one in a hundred is traced. */
const WARM_UP_SECONDS = 15;
const ROUND_SECONDS = 2;

interface RunningVariant {
  readonly service: RunningComponent;
  readonly url: string;
  readonly rounds: Measurement[];
}

/**
 * Measures the variants with one real Collector. All of them run on the first core, and get the load in turns of two seconds, so
 * that each round compares them under the same conditions. Everything else runs on the second core.
 */
export async function measureOverhead(folder: string, rounds: number): Promise<Record<Variant, Measurement[]>> {
  const { signal } = new AbortController();
  const environment = await startBenchEnvironment(folder, signal);
  const { script } = environment;
  const running = new Map<Variant, RunningVariant>();
  try {
    for (const name of Object.keys(variants) as Variant[]) {
      const ports = await freePorts();
      const env = { ...variants[name](environment), DATA_DIR: await mkdtemp(join(folder, 'data-')) };
      const service = await start(benchService(ports, env), `${env.DATA_DIR}.log`, signal);
      running.set(name, { service, url: `http://127.0.0.1:${ports.service}`, rounds: [] });
    }
    for (const [name, { url }] of running) {
      process.stderr.write(`warm-up: ${name}\n`);
      await wrk(script, url, WARM_UP_SECONDS);
    }
    for (let round = 0; round < rounds; round += 1) {
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
      const turns = [...running.values()];
      for (const variant of round % 2 === 0 ? turns : turns.reverse()) {
        variant.rounds.push(await measure(variant, script));
      }
    }
  } finally {
    for (const { service } of running.values()) await service.stop();
    await environment.collector.stop();
  }
  return Object.fromEntries([...running].map(([name, variant]) => [name, variant.rounds])) as Record<
    Variant,
    Measurement[]
  >;
}

async function measure({ service: { pid }, url }: RunningVariant, script: string): Promise<Measurement> {
  const [used, result] = await cpuSecondsFor(pid, () => wrk(script, url, ROUND_SECONDS));
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests failed`);
  return { ...result, cpuMicroseconds: (used / result.requests) * 1e6, residentMiB: await residentMiB(pid) };
}
