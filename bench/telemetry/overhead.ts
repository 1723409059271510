import { join } from 'node:path';
import type { Component } from '../../otel/stack/components.ts';
import { installTools } from '../../otel/stack/install.ts';
import { freePorts, type Ports } from '../../otel/stack/ports.ts';
import { type Running, start } from '../../otel/stack/processes.ts';
import { readMails } from '../../otel/stack/traffic.ts';
import { benchCollector } from '../collector.ts';
import { cpuSeconds, residentMiB } from '../process-usage.ts';
import { type WrkResult, writeWrkScript, wrk } from '../wrk.ts';

const PROJECT = join(import.meta.dirname, '../..');
const SIGNAL = new AbortController().signal;

/** Ways to run the same service. */
const variants = {
  off: () => ({ OTEL_SDK_DISABLED: 'true' }),
  'every request traced': endpoint,
  'one in ten traced': (ports: Ports) => ({
    ...endpoint(ports),
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

function endpoint(ports: Ports): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.collectorOtlpHttp}` };
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
  const results: Record<Variant, Measured[]> = { off: [], 'every request traced': [], 'one in ten traced': [] };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const variant of Object.keys(variants) as Variant[]) {
        process.stderr.write(`round ${round} of ${rounds}: ${variant}\n`);
        const env = { ...variants[variant](ports), DATA_DIR: join(folder, 'data') };
        const service = await start(serviceComponent(ports, env), join(folder, 'service.log'), SIGNAL);
        results[variant].push(await measure(service, script, ports, seconds));
        await service.stop();
      }
    }
  } finally {
    await collector.stop();
  }
  return results;
}

async function measure(service: Running, script: string, ports: Ports, seconds: number): Promise<Measured> {
  const url = `http://127.0.0.1:${ports.service}`;
  await wrk(script, url, 3);
  const before = await cpuSeconds(service.pid);
  const result = await wrk(script, url, seconds);
  // What is still to be exported belongs to these requests.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests were not answered with 200`);
  const used = (await cpuSeconds(service.pid)) - before;
  return { ...result, cpuMicroseconds: (used / result.requests) * 1e6, residentMiB: await residentMiB(service.pid) };
}

function serviceComponent(ports: Ports, env: Record<string, string>): Component {
  return {
    name: 'waymark',
    file: 'taskset',
    args: ['-c', '0', process.execPath, '--import', './otel/preload.ts', 'src/main.ts'],
    env: { PORT: String(ports.service), OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.serviceMetrics), ...env },
    cwd: PROJECT,
    health: `http://127.0.0.1:${ports.service}/readyz`,
    stopWithinMs: 15_000,
  };
}
