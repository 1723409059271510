import { join } from 'node:path';
import { readMails } from '../../tools/stack/check/traffic.ts';
import type { Component } from '../../tools/stack/components.ts';
import { installTools } from '../../tools/stack/install.ts';
import { freePorts, type Ports } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { serviceComponent, startArguments } from '../../tools/stack/start-command.ts';
import { benchCollector } from './collector.ts';
import { writeWrkScript } from './wrk.ts';

/** The environment in which the service is measured. */
export interface BenchEnvironment {
  readonly ports: Ports;
  /** The path of a `wrk` script that sends the sample mails, one per request. */
  readonly script: string;
  /** The running Collector. The caller stops it. */
  readonly collector: RunningComponent;
  /** The settings with which the service exports its telemetry to the Collector. */
  readonly traced: Record<string, string>;
}

/** Starts the environment of a benchmark. Installs the Collector if it is missing. */
export async function startBenchEnvironment(folder: string, signal: AbortSignal): Promise<BenchEnvironment> {
  const tools = await installTools(process.stderr, signal);
  const ports = await freePorts();
  const bodies = (await readMails()).map(({ text }) => ({ text }));
  const script = await writeWrkScript(folder, 'predict', '/predict', bodies);
  const collector = await start(benchCollector(tools.collector, ports), join(folder, 'collector.log'), signal);
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.collectorOtlpHttp}` };
  return { ports, script, collector, traced };
}

/** Returns the service as a component on the first core, with additional settings and options of Node. */
export function benchService(
  ports: Ports,
  env: Record<string, string>,
  nodeOptions: readonly string[] = [],
): Component {
  return {
    ...serviceComponent(ports, env),
    file: 'taskset',
    args: ['-c', '0', process.execPath, ...nodeOptions, ...startArguments('start')],
    // Long enough to write a CPU profile at the end.
    stopWithinMs: 60_000,
  };
}
