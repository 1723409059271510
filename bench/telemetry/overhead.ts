import { join } from 'node:path';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { cpuSecondsFor, residentMiB } from '../harness/process-usage.ts';
import { benchService, type BenchEnvironment, startBenchEnvironment } from '../harness/service.ts';
import { type WrkResult, wrk } from '../harness/wrk.ts';

const SIGNAL = new AbortController().signal;

/** Ways to run the same service. */
const variants = {
  off: () => ({ OTEL_SDK_DISABLED: 'true' }),
  'every request traced': ({ traced }: BenchEnvironment) => traced,
  'one in ten traced': ({ traced }: BenchEnvironment) => ({
    ...traced,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  }),
};

export type Variant = keyof typeof variants;

export interface Measured extends WrkResult {
  /** CPU time of the service's process, all threads, for one request: the figure that a busy machine moves least. */
  readonly cpuMicroseconds: number;
  readonly residentMiB: number;
}

/**
 * Measures each variant as often as told, in turns, against one real Collector: the service alone on the first core,
 * everything else on the second.
 */
export async function measureOverhead(
  folder: string,
  rounds: number,
  seconds: number,
): Promise<Record<Variant, Measured[]>> {
  const surroundings = await startBenchEnvironment(folder, SIGNAL);
  const results: Record<Variant, Measured[]> = { off: [], 'every request traced': [], 'one in ten traced': [] };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const variant of Object.keys(variants) as Variant[]) {
        process.stderr.write(`round ${round} of ${rounds}: ${variant}\n`);
        const env = { ...variants[variant](surroundings), DATA_DIR: join(folder, 'data') };
        const service = await start(benchService(surroundings.ports, env), join(folder, 'service.log'), SIGNAL);
        results[variant].push(await measure(service, surroundings, seconds));
        await service.stop();
      }
    }
  } finally {
    await surroundings.collector.stop();
  }
  return results;
}

async function measure(service: RunningComponent, { script, ports }: BenchEnvironment, seconds: number): Promise<Measured> {
  const url = `http://127.0.0.1:${ports.service}`;
  await wrk(script, url, 3);
  const [used, result] = await cpuSecondsFor(service.pid, () => wrk(script, url, seconds));
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests were not answered with 200`);
  return { ...result, cpuMicroseconds: (used / result.requests) * 1e6, residentMiB: await residentMiB(service.pid) };
}
