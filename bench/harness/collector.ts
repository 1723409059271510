import { join } from 'node:path';
import type { Component } from '../../tools/stack/components.ts';
import type { Ports } from '../../tools/stack/ports.ts';

/**
 * Returns a real Collector that accepts all telemetry and stores none. It runs on the second core, apart from the
 * server.
 */
export function benchCollector(file: string, ports: Ports): Component {
  return {
    name: 'collector',
    file: 'taskset',
    args: ['-c', '1', file, '--config', join(import.meta.dirname, 'collector.yaml')],
    env: {
      COLLECTOR_OTLP_HTTP_PORT: String(ports.collectorOtlpHttp),
      COLLECTOR_OTLP_GRPC_PORT: String(ports.collectorOtlpGrpc),
      COLLECTOR_METRICS_PORT: String(ports.collectorMetrics),
    },
    cwd: import.meta.dirname,
    health: `http://127.0.0.1:${ports.collectorMetrics}/metrics`,
    stopWithinMs: 10_000,
  };
}

/** Returns the number of spans that the Collector has accepted so far, from its own metrics. */
export async function acceptedSpans(ports: Ports): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${ports.collectorMetrics}/metrics`)).text();
  const counts = [...metrics.matchAll(/^otelcol_receiver_accepted_spans(?:_total)?\{.*\} (\S+)$/gm)];
  return counts.reduce((total, [, count]) => total + Number(count), 0);
}
