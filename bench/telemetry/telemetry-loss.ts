import { setTimeout as delay } from 'node:timers/promises';
import { eventually, spansOf } from '../../tools/stack/check/queries.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { type Load, startLoad } from './load.ts';

/** What has not arrived for so long is not on its way. */
const PATIENCE_MS = 30_000;

/** One way in which telemetry could get lost, and for how long it is tried. */
export interface Scenario {
  readonly name: string;
  readonly load: Load;
  readonly seconds: number;
  /** What happens to the stack meanwhile. */
  readonly meanwhile?: (stack: Stack, seconds: number) => Promise<void>;
  /** The Collector forgets its counts when it restarts; then only what was stored tells. */
  readonly collectorCounts: boolean;
}

/** How many predictions each part of the system knows of. */
export interface Counts {
  readonly answered: number;
  readonly perSecond: number;
  /** `classifier_predictions_total`. */
  readonly counted: number;
  /** `classify` spans that the Collector received; undefined where it was restarted. */
  readonly received: number | undefined;
  /** Traces that Jaeger has complete: server, `classify`, `tokenize` and `score`. */
  readonly stored: number;
  /** `prediction` records in VictoriaLogs. */
  readonly logged: number;
  /** Spans and log records that the service says it dropped. */
  readonly dropped: number;
}

/** The four of them, for so long as a test has time or a benchmark takes. */
export function scenarios(seconds: { saturation: number; collectorAway: number; jaegerAway: number }): Scenario[] {
  const steady: Load = { connections: 16, perSecond: 500 };
  const { collectorAway, jaegerAway } = seconds;
  return [
    { name: 'saturated', load: { connections: 16 }, seconds: seconds.saturation, collectorCounts: true },
    {
      name: `Collector away for ${collectorAway} s`,
      load: steady,
      seconds: collectorAway + 4,
      meanwhile: (stack) => absence(stack, 'collector', collectorAway),
      collectorCounts: false,
    },
    {
      name: `Jaeger away for ${jaegerAway} s`,
      load: steady,
      seconds: jaegerAway + 4,
      meanwhile: (stack) => absence(stack, 'jaeger', jaegerAway),
      collectorCounts: true,
    },
    {
      name: `Jaeger away for ${jaegerAway} s, Collector restarted meanwhile`,
      load: steady,
      seconds: jaegerAway + 4,
      meanwhile: (stack) => absence(stack, 'jaeger', jaegerAway, () => absence(stack, 'collector', 1)),
      collectorCounts: false,
    },
  ];
}

async function absence(
  stack: Stack,
  component: string,
  seconds: number,
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  await delay(1_000);
  await stack.stopOne(component);
  await Promise.all([delay(seconds * 1_000), meanwhile()]);
  await stack.startOne(component);
}

/** Runs one scenario and counts until everything has arrived, or nothing has for a while. */
export async function runScenario(stack: Stack, scenario: Scenario): Promise<Counts> {
  const before = await count(stack);
  const stop = startLoad(stack.urls.service, scenario.load);
  await Promise.all([delay(scenario.seconds * 1_000), scenario.meanwhile?.(stack, scenario.seconds)]);
  const { traceIds, seconds } = await stop();

  const stored = await storedTraces(stack, traceIds);
  const complete = async () => {
    const now = await count(stack);
    const behind = now.logged - before.logged < traceIds.length;
    const unread = scenario.collectorCounts && now.received - before.received < traceIds.length;
    if (behind || unread) throw new Error('not everything has arrived');
  };
  await eventually(complete).catch(() => {});
  const after = await count(stack);
  return {
    answered: traceIds.length,
    perSecond: Math.round(traceIds.length / seconds),
    counted: after.counted - before.counted,
    received: scenario.collectorCounts ? after.received - before.received : undefined,
    stored,
    logged: after.logged - before.logged,
    dropped: after.dropped - before.dropped,
  };
}

async function count({ urls }: Stack) {
  const [service, collector, logged] = await Promise.all([
    samples(urls.metrics),
    samples(urls.collectorMetrics),
    storedRecords(urls.victoriaLogs),
  ]);
  return {
    counted: sum(service, /^classifier_predictions_total\{/),
    dropped: sum(service, /^otel_sdk_processor_\w+_processed_total\{.*error_type=/),
    received: sum(collector, /^traces_span_metrics_calls_total\{.*span_name="classify"/),
    logged,
  };
}

async function samples(url: string): Promise<string[]> {
  return (await (await fetch(url)).text()).split('\n');
}

function sum(lines: readonly string[], series: RegExp): number {
  const values = lines.filter((line) => series.test(line)).map((line) => Number(/\} (\S+)/.exec(line)?.[1]));
  return values.reduce((total, value) => total + value, 0);
}

async function storedRecords(victoriaLogs: string): Promise<number> {
  const query = '_msg:="prediction" | stats count() as records';
  const response = await fetch(`${victoriaLogs}/select/logsql/query?${new URLSearchParams({ query })}`);
  const line = (await response.text()).trim();
  return line === '' ? 0 : Number((JSON.parse(line) as { records: string }).records);
}

/** How many of the traces Jaeger has complete. It is asked again for those that are missing while more arrive. */
async function storedTraces({ urls }: Stack, traceIds: readonly string[]): Promise<number> {
  let missing: readonly string[] = traceIds;
  let lastArrival = performance.now();
  while (missing.length > 0 && performance.now() - lastArrival < PATIENCE_MS) {
    const still = await missingTraces(urls.jaeger, missing);
    if (still.length < missing.length) lastArrival = performance.now();
    missing = still;
    await delay(200);
  }
  return traceIds.length - missing.length;
}

async function missingTraces(jaeger: string, traceIds: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  const queue = traceIds.values();
  const worker = async () => {
    // The workers share one iterator: each trace is asked for once.
    for (const id of queue) if ((await spansOf(jaeger, id)).length < 4) missing.push(id);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return missing;
}
