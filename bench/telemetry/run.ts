import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../tools/stack/stack.ts';
import { median } from '../harness/median.ts';
import { type Measurement, measureOverhead, type Variant } from './overhead.ts';
import { type Counts, runScenario, scenarios } from './telemetry-loss.ts';

/**
 * Measures the cost of telemetry and checks that no telemetry is lost. Prints two Markdown tables, and sets the exit
 * code to 1 after a loss. Only the ratios carry over to another machine.
 *
 * @param full more rounds and longer outages, about fifteen minutes; otherwise a few minutes
 */
export async function runTelemetryBenchmark(full: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  try {
    const overhead = await measureOverhead(folder, full ? 30 : 10);
    process.stdout.write(overheadTable(overhead));
    await printTelemetryLoss(folder, full);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function overheadTable(results: Record<Variant, Measurement[]>): string {
  const rows = Object.entries(results).map(([variant, rounds]) => {
    const { perSecond, p50Ms, p99Ms, cpuMicroseconds, residentMiB } = medians(rounds);
    const cells = [
      variant,
      perSecond.toFixed(0),
      `${p50Ms.toFixed(1)} ms`,
      `${p99Ms.toFixed(1)} ms`,
      `${cpuMicroseconds.toFixed(0)} µs`,
      `${residentMiB.toFixed(0)} MiB`,
      percent(rounds.map((round, at) => round.perSecond / results.off[at]!.perSecond)),
      percent(rounds.map((round, at) => results.off[at]!.cpuMicroseconds / round.cpuMicroseconds)),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '### The cost of telemetry: real mails, one per request, one core, medians',
    '',
    '| telemetry | requests/s | p50 | p99 | CPU per request | memory | speed against off | the same by CPU time |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
    '',
  ].join('\n');
}

/** Returns the median of the shares of all rounds. */
function percent(shares: readonly number[]): string {
  return `${(median(shares) * 100).toFixed(0)} %`;
}

function medians(rounds: readonly Measurement[]): Measurement {
  const medianOf = (figure: (round: Measurement) => number) => median(rounds.map(figure));
  return {
    requests: medianOf(({ requests }) => requests),
    failed: medianOf(({ failed }) => failed),
    perSecond: medianOf(({ perSecond }) => perSecond),
    p50Ms: medianOf(({ p50Ms }) => p50Ms),
    p99Ms: medianOf(({ p99Ms }) => p99Ms),
    cpuMicroseconds: medianOf(({ cpuMicroseconds }) => cpuMicroseconds),
    residentMiB: medianOf(({ residentMiB }) => residentMiB),
  };
}

async function printTelemetryLoss(folder: string, full: boolean): Promise<void> {
  const durations = full
    ? { saturation: 60, collectorDown: 30, jaegerDown: 60 }
    : { saturation: 5, collectorDown: 12, jaegerDown: 8 };
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
      '### Telemetry loss: predictions by the counts of each part of the system\n\n' +
        '| | answered | per second | counted by the service | received by the Collector | traces complete in Jaeger | in VictoriaLogs | dropped |\n' +
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
