import { setTimeout as delay } from 'node:timers/promises';
import { eventually, spansOf } from '../../tools/stack/check/queries.ts';
import type { Stack } from '../../tools/stack/stack.ts';
import { type Load, startLoad } from './load.ts';

/** The time without a new trace after which the missing traces are lost. */
const ARRIVAL_TIMEOUT_MS = 30_000;

/** A situation in which telemetry could be lost. */
export interface Scenario {
  readonly name: string;
  readonly load: Load;
  readonly seconds: number;
  /** The failure of the stack during the load. */
  readonly disturb?: (stack: Stack) => Promise<void>;
  /** False if the Collector restarts and so loses its counts. Then only the stored telemetry can be compared. */
  readonly collectorCounts: boolean;
}

/** The number of predictions by the counts of each part of the system. */
export interface Counts {
  readonly answered: number;
  readonly perSecond: number;
  /** The value of `classifier_predictions_total`. */
  readonly counted: number;
  /** The number of `classify` spans that the Collector received, or `undefined` if it was restarted. */
  readonly received: number | undefined;
  /** The number of complete traces in Jaeger: server, `classify`, `tokenize` and `score`. */
  readonly stored: number;
  /** The number of `prediction` records in VictoriaLogs. */
  readonly logged: number;
  /** The number of spans and log records that the service reports as dropped. */
  readonly dropped: number;
}

/** Returns the four scenarios with durations in seconds: short ones for a test, or long ones for a benchmark. */
export function scenarios(seconds: { saturation: number; collectorDown: number; jaegerDown: number }): Scenario[] {
  const steady: Load = { connections: 16, perSecond: 500 };
  const { collectorDown, jaegerDown } = seconds;
  return [
    { name: 'saturated', load: { connections: 16 }, seconds: seconds.saturation, collectorCounts: true },
    {
      name: `Collector down for ${collectorDown} s`,
      load: steady,
      seconds: collectorDown + 4,
      disturb: (stack) => takeDown(stack, 'collector', collectorDown),
      collectorCounts: false,
    },
    {
      name: `Jaeger down for ${jaegerDown} s`,
      load: steady,
      seconds: jaegerDown + 4,
      disturb: (stack) => takeDown(stack, 'jaeger', jaegerDown),
      collectorCounts: true,
    },
    {
      name: `Jaeger down for ${jaegerDown} s, Collector restarted in that time`,
      load: steady,
      seconds: jaegerDown + 4,
      disturb: (stack) => takeDown(stack, 'jaeger', jaegerDown, () => takeDown(stack, 'collector', 1)),
      collectorCounts: false,
    },
  ];
}

/** Stops a component after one second, and starts it again after `seconds` and the end of `whileDown`. */
async function takeDown(
  stack: Stack,
  component: string,
  seconds: number,
  whileDown: () => Promise<void> = async () => {},
): Promise<void> {
  await delay(1_000);
  await stack.stopOne(component);
  await Promise.all([delay(seconds * 1_000), whileDown()]);
  await stack.startOne(component);
}

/** Runs a scenario and counts the predictions, once all telemetry has arrived or no more arrives. */
export async function runScenario(stack: Stack, scenario: Scenario): Promise<Counts> {
  const before = await count(stack);
  const stop = startLoad(stack.urls.service, scenario.load);
  await Promise.all([delay(scenario.seconds * 1_000), scenario.disturb?.(stack)]);
  const { traceIds, seconds } = await stop();

  const stored = await storedTraces(stack, traceIds);
  const requireComplete = async () => {
    const now = await count(stack);
    const logsMissing = now.logged - before.logged < traceIds.length;
    const spansMissing = scenario.collectorCounts && now.received - before.received < traceIds.length;
    if (logsMissing || spansMissing) throw new Error('some telemetry has not arrived');
  };
  // An error here shows in the counts.
  await eventually(requireComplete).catch(() => {});
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

/** Returns the number of complete traces in Jaeger. Repeats the queries for missing traces as long as more arrive. */
async function storedTraces({ urls }: Stack, traceIds: readonly string[]): Promise<number> {
  let missing: readonly string[] = traceIds;
  let lastArrival = performance.now();
  while (missing.length > 0 && performance.now() - lastArrival < ARRIVAL_TIMEOUT_MS) {
    const stillMissing = await missingTraces(urls.jaeger, missing);
    if (stillMissing.length < missing.length) lastArrival = performance.now();
    missing = stillMissing;
    await delay(200);
  }
  return traceIds.length - missing.length;
}

async function missingTraces(jaeger: string, traceIds: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  const queue = traceIds.values();
  const worker = async () => {
    // The workers share one iterator, so each trace is queried once.
    for (const id of queue) if ((await spansOf(jaeger, id)).length < 4) missing.push(id);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return missing;
}
