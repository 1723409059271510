import { join } from 'node:path';
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

/**
 * Measures the variants in alternating rounds with one real Collector. The service runs alone on the first core,
 * everything else on the second.
 */
export async function measureOverhead(
  folder: string,
  rounds: number,
  seconds: number,
): Promise<Record<Variant, Measurement[]>> {
  const { signal } = new AbortController();
  const environment = await startBenchEnvironment(folder, signal);
  const names = Object.keys(variants) as Variant[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Measurement[]])) as Record<
    Variant,
    Measurement[]
  >;
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const variant of names) {
        process.stderr.write(`round ${round} of ${rounds}: ${variant}\n`);
        const env = { ...variants[variant](environment), DATA_DIR: join(folder, 'data') };
        const service = await start(benchService(environment.ports, env), join(folder, 'service.log'), signal);
        results[variant].push(await measure(service, environment, seconds));
        await service.stop();
      }
    }
  } finally {
    await environment.collector.stop();
  }
  return results;
}

async function measure(
  service: RunningComponent,
  { script, ports }: BenchEnvironment,
  seconds: number,
): Promise<Measurement> {
  const url = `http://127.0.0.1:${ports.service}`;
  await wrk(script, url, 3);
  const [used, result] = await cpuSecondsFor(service.pid, () => wrk(script, url, seconds));
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests failed`);
  return { ...result, cpuMicroseconds: (used / result.requests) * 1e6, residentMiB: await residentMiB(service.pid) };
}
