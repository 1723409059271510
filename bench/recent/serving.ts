import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NORMAL_QUANTILE_975 } from '../../src/classifier/statistics/distributions.ts';
import { readMails } from '../../tools/stack/check/traffic.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { startByteReceiver } from '../growth/byte-receiver.ts';
import { median } from '../harness/median.ts';
import { createPredictGenerator } from '../harness/predict-generator.ts';
import { cpuNanoseconds } from '../harness/process-usage.ts';
import { benchService } from '../harness/service.ts';

const CONNECTIONS = 16;
const PERIOD_MS = 1_000;
const PERIODS = { full: { warmUp: 40, pairs: 240 }, short: { warmUp: 20, pairs: 40 } } as const;
const TOGGLE = new URL('./toggle-memory.ts', import.meta.url).href;

interface Period {
  readonly perSecond: number;
  /** CPU time of a request, all threads, in microseconds. */
  readonly cpu: number;
}

/**
 * Measures the cost of the memory of predictions while the service is fully used and traces every request. The memory of
 * one process is on in one second and off in the next, so that compiled code and heap are the same for both: two processes differ
 * by more than the memory costs. Each second is compared with the one after it.
 */
export async function measureServing(full: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-recent-'));
  const ports = await freePorts();
  const receiver = await startByteReceiver();
  const settings = { DATA_DIR: join(folder, 'data'), OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const component = benchService(ports, settings, ['--import', TOGGLE]);
  const service = await start(component, join(folder, 'service.log'), new AbortController().signal);
  const bodies = (await readMails()).map(({ text }) => JSON.stringify({ text }));
  const generator = await createPredictGenerator(`http://127.0.0.1:${ports.service}`, bodies);

  async function measure(): Promise<Period> {
    const before = await cpuNanoseconds(service.pid);
    const began = performance.now();
    const { counts } = await generator.run({ connections: CONNECTIONS }, PERIOD_MS, new AbortController().signal);
    const { answered, failed } = counts;
    if (failed > 0) throw new Error(`${failed} requests failed.`);
    const seconds = (performance.now() - began) / 1_000;
    return { perSecond: answered / seconds, cpu: ((await cpuNanoseconds(service.pid)) - before) / 1_000 / answered };
  }

  const { warmUp, pairs } = full ? PERIODS.full : PERIODS.short;
  const on: Period[] = [];
  const off: Period[] = [];
  try {
    for (let period = -warmUp; period < 2 * pairs; period += 1) {
      const measured = await measure();
      if (period >= 0) (period % 2 === 0 ? on : off).push(measured);
      process.kill(service.pid, 'SIGUSR2');
    }
  } finally {
    await generator.close();
    await service.stop();
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
  return table(on, off);
}

function table(on: readonly Period[], off: readonly Period[]): string {
  const row = (title: string, unit: string, figureOf: (period: Period) => number) => {
    const changes = on.map((period, at) => figureOf(period) / figureOf(off[at]!) - 1).sort((a, b) => a - b);
    // The ranks between which the median lies with a probability of 95 %, by the normal approximation of the binomial.
    const half = (NORMAL_QUANTILE_975 * Math.sqrt(changes.length)) / 2;
    const low = changes[Math.max(0, Math.floor(changes.length / 2 - half))]!;
    const high = changes[Math.min(changes.length - 1, Math.ceil(changes.length / 2 + half))]!;
    const figure = (periods: readonly Period[]) => `${Math.round(median(periods.map(figureOf)))}${unit}`;
    return `| ${title} | ${figure(off)} | ${figure(on)} | ${percent(median(changes))} | ${percent(low)} to ${percent(high)} |`;
  };
  return [
    `| ${on.length} pairs of seconds | memory off | memory on | median change | 95 % |`,
    '| --- | ---: | ---: | ---: | ---: |',
    row('requests/s', '', ({ perSecond }) => perSecond),
    row('CPU time of a request', ' µs', ({ cpu }) => cpu),
    '',
    '',
  ].join('\n');
}

function percent(share: number): string {
  return `${share < 0 ? '−' : '+'}${Math.abs(100 * share).toFixed(1)} %`;
}
