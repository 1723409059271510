import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../tools/stack/stack.ts';
import { type Counts, runScenario, scenarios } from './telemetry-loss.ts';
import { type Measured, measureOverhead, type Variant } from './overhead.ts';

/**
 * What telemetry costs, and that none of it is lost: prints two Markdown tables. Only the ratios carry over to another
 * machine.
 *
 * @param full as the acceptance checks have it, some fifteen minutes; else a look of a few minutes
 */
export async function runTelemetryBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  try {
    const overhead = await measureOverhead(folder, full ? 5 : 3, full ? 10 : 5);
    process.stdout.write(overheadTable(overhead));
    await printNoneLost(folder, full);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function overheadTable(results: Record<Variant, Measured[]>): string {
  const off = medians(results.off);
  const rows = Object.entries(results).map(([variant, measured]) => {
    const one = medians(measured);
    const cells = [
      variant,
      one.perSecond.toFixed(0),
      `${one.p50Ms.toFixed(1)} ms`,
      `${one.p99Ms.toFixed(1)} ms`,
      `${one.cpuMicroseconds.toFixed(0)} µs`,
      `${one.residentMiB.toFixed(0)} MiB`,
      `${((one.perSecond / off.perSecond) * 100).toFixed(0)} %`,
      `${((off.cpuMicroseconds / one.cpuMicroseconds) * 100).toFixed(0)} %`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '### What telemetry costs: real mails, one a request, one core, medians',
    '',
    '| telemetry | requests/s | p50 | p99 | CPU a request | memory | speed against off | the same by CPU time |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    '',
  ].join('\n');
}

function medians(measured: readonly Measured[]): Measured {
  const of = (figure: (one: Measured) => number) => {
    const sorted = measured.map(figure).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)]!;
  };
  return {
    requests: of(({ requests }) => requests),
    failed: of(({ failed }) => failed),
    perSecond: of(({ perSecond }) => perSecond),
    p50Ms: of(({ p50Ms }) => p50Ms),
    p99Ms: of(({ p99Ms }) => p99Ms),
    cpuMicroseconds: of(({ cpuMicroseconds }) => cpuMicroseconds),
    residentMiB: of(({ residentMiB }) => residentMiB),
  };
}

async function printNoneLost(folder: string, full: boolean): Promise<void> {
  const durations = full
    ? { saturation: 60, collectorAway: 30, jaegerAway: 60 }
    : { saturation: 5, collectorAway: 12, jaegerAway: 8 };
  const { signal } = new AbortController();
  const stack = await startStack({
    folder: join(folder, 'stack'),
    ports: 'free',
    pace: 'fast',
    output: process.stderr,
    signal,
  });
  try {
    process.stdout.write(
      '### None lost: predictions, as each part of the system counts them\n\n' +
        '| | answered | a second | counted by the service | received by the Collector | traces complete in Jaeger | in VictoriaLogs | dropped |\n' +
        '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n',
    );
    for (const scenario of scenarios(durations)) {
      process.stderr.write(`${scenario.name}\n`);
      process.stdout.write(`${countsRow(scenario.name, await runScenario(stack, scenario))}\n`);
    }
  } finally {
    await stack.stop();
  }
}

function countsRow(name: string, counts: Counts): string {
  const { answered, perSecond, counted, received, stored, logged, dropped } = counts;
  const lost = [counted, received, stored, logged].some((count) => count !== undefined && count !== answered);
  if (lost || dropped > 0) process.exitCode = 1;
  const cells = [name, answered, perSecond, counted, received ?? 'restarted', stored, logged, dropped];
  return `| ${cells.join(' | ')} |`;
}
