import { join } from 'node:path';
import type { Component } from '../../tools/stack/components.ts';
import { installTools } from '../../tools/stack/install.ts';
import { freePorts, type Ports } from '../../tools/stack/ports.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { startArguments } from '../../tools/stack/start-command.ts';
import { readMails } from '../../tools/stack/check/traffic.ts';
import { benchCollector } from './collector.ts';
import { writeWrkScript } from './wrk.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** What the service is measured with. */
export interface BenchEnvironment {
  readonly ports: Ports;
  /** For `wrk`: the sample mails, one a request. */
  readonly script: string;
  /** Runs, and is to be stopped. */
  readonly collector: RunningComponent;
  /** Settings with which the service sends its telemetry there. */
  readonly traced: Record<string, string>;
}

/** Gets ready what the service is measured with; installs the Collector where it is missing. */
export async function startBenchEnvironment(folder: string, signal: AbortSignal): Promise<BenchEnvironment> {
  const tools = await installTools(process.stderr, signal);
  const ports = await freePorts();
  const bodies = (await readMails()).map(({ text }) => ({ text }));
  const script = await writeWrkScript(folder, 'predict', '/predict', bodies);
  const collector = await start(benchCollector(tools.collector, ports), join(folder, 'collector.log'), signal);
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${ports.collectorOtlpHttp}` };
  return { ports, script, collector, traced };
}

/**
 * The service alone on the first core.
 *
 * @param options of Node
 */
export function benchService(ports: Ports, env: Record<string, string>, options: readonly string[] = []): Component {
  return {
    name: 'waymark',
    file: 'taskset',
    args: ['-c', '0', process.execPath, ...options, ...startArguments('start')],
    env: { PORT: String(ports.service), OTEL_EXPORTER_PROMETHEUS_PORT: String(ports.serviceMetrics), ...env },
    cwd: PROJECT,
    health: `http://127.0.0.1:${ports.service}/readyz`,
    // With options it may have a profile to write.
    stopWithinMs: 60_000,
  };
}
