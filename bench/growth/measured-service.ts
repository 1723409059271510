import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadLevel } from '../../tools/load/generator/outcome.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { createPredictGenerator } from '../harness/predict-generator.ts';
import { cpuSeconds, EXPORT_DELAY_MS, residentMiB } from '../harness/process-usage.ts';
import { benchService } from '../harness/service.ts';
import { type ByteReceiver, type ReceivedBytes, startByteReceiver } from './byte-receiver.ts';

/** The requests in progress in a warm-up, and in a measurement of a service that is fully used. */
export const FULLY_USED: LoadLevel = { connections: 4 };

/** The load of a measurement. */
export interface MeasuredLoad {
  /** The bodies of `POST /predict`, sent in a cycle. */
  readonly bodies: readonly string[];
  readonly level: LoadLevel;
  readonly seconds: number;
}

/** The figures of a service under a load. */
export interface ServiceFigures {
  readonly predictions: number;
  readonly failed: number;
  /** Predictions per second. */
  readonly perSecond: number;
  /** The CPU time of the service in seconds, all threads, with the export of telemetry. */
  readonly cpuSeconds: number;
  /** The time in which it was spent, in seconds. */
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly residentMiB: number;
  /** The series on the metrics page, after the load. */
  readonly series: number;
  readonly spans: number;
  readonly records: number;
  readonly bytes: ReceivedBytes;
}

/** A service that is measured. */
export interface MeasuredService {
  readonly url: string;
  readonly pid: number;
  /** Sends a load, waits for the export of its telemetry, and returns the figures. */
  measure(load: MeasuredLoad): Promise<ServiceFigures>;
  /** Lets V8 compile the code that a load needs. */
  warmUp(bodies: readonly string[], seconds: number): Promise<void>;
  /** Returns the CPU time that the service uses without requests, as a share of a core. */
  idleCores(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

async function startMeasuredService(
  folder: string,
  env: Readonly<Record<string, string>> = {},
  endpoint?: string,
): Promise<MeasuredService> {
  const ports = await freePorts();
  const receiver = await startByteReceiver();
  const data = await mkdtemp(join(folder, 'data-'));
  const settings = { DATA_DIR: data, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint ?? receiver.url, ...env };
  const service = await start(benchService(ports, settings), `${data}.log`, new AbortController().signal);
  const url = `http://127.0.0.1:${ports.service}`;
  const metrics = `http://127.0.0.1:${ports.serviceMetrics}/metrics`;
  const place = { url, metrics, pid: service.pid, receiver };
  return {
    url,
    pid: service.pid,
    measure: (load) => measure(load, place),
    async warmUp(bodies, seconds) {
      await measure({ bodies, level: FULLY_USED, seconds }, place);
    },
    async idleCores(seconds) {
      const before = await cpuSeconds(service.pid);
      await delay(seconds * 1_000);
      return ((await cpuSeconds(service.pid)) - before) / seconds;
    },
    async stop() {
      await service.stop();
      await receiver.close();
    },
  };
}

/**
 * Starts the service on the first core, and stops it after its use. It sends its telemetry to a receiver that counts bytes.
 *
 * @param endpoint another receiver of OTLP/HTTP, such as a Collector; then no bytes are counted
 */
export async function withMeasuredService<T>(
  folder: string,
  env: Readonly<Record<string, string>>,
  use: (service: MeasuredService) => Promise<T>,
  endpoint?: string,
): Promise<T> {
  const service = await startMeasuredService(folder, env, endpoint);
  try {
    return await use(service);
  } finally {
    await service.stop();
  }
}

interface Place {
  readonly url: string;
  readonly metrics: string;
  readonly pid: number;
  readonly receiver: ByteReceiver;
}

async function measure({ bodies, level, seconds }: MeasuredLoad, place: Place): Promise<ServiceFigures> {
  const generator = await createPredictGenerator(place.url, bodies);
  const before = await countsOf(place);
  const started = performance.now();
  const { counts } = await generator.run(level, seconds * 1_000, new AbortController().signal);
  await delay(EXPORT_DELAY_MS);
  await generator.close();
  const after = await countsOf(place);
  const { answered: predictions, failed } = counts;
  const { p50, p99 } = counts.latency ?? { p50: Infinity, p99: Infinity };
  return {
    predictions,
    failed,
    perSecond: counts.perSecond,
    cpuSeconds: after.cpu - before.cpu,
    seconds: (performance.now() - started) / 1_000,
    p50Ms: p50,
    p99Ms: p99,
    residentMiB: await residentMiB(place.pid),
    series: after.series,
    spans: after.spans - before.spans,
    records: after.records - before.records,
    bytes: { traces: after.bytes.traces - before.bytes.traces, logs: after.bytes.logs - before.bytes.logs },
  };
}

async function countsOf({ metrics, pid, receiver }: Place) {
  const lines = (await (await fetch(metrics)).text()).split('\n').filter((line) => line !== '' && line[0] !== '#');
  const total = (name: string) =>
    lines
      .filter((line) => line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(/\} (\S+)/.exec(line)?.[1]), 0);
  return {
    cpu: await cpuSeconds(pid),
    series: lines.length,
    spans: total('otel_sdk_exporter_span_exported_total'),
    records: total('otel_sdk_exporter_log_exported_total'),
    bytes: receiver.received(),
  };
}
