import type { MeterProvider as MeterProviderApi } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, type MetricProducer, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { type Config, EXIT_CONFIG } from '../platform/config.ts';
import { GC_SECONDS } from '../telemetry/metric-definition.ts';
import {
  CountedHistograms,
  type CountedNames,
  CountingMeterProvider,
} from '../telemetry/metrics/counting-meter-provider.ts';
import { UnitNamingPrometheusExporter } from '../telemetry/metrics/prometheus-exporter.ts';
import { METRIC } from '../telemetry/names.ts';
import { OWN_METRICS } from '../telemetry/registry/metrics.ts';
import { gatherSnapshots } from './gather-snapshots.ts';
import type { Role } from './role.ts';
import { sendSnapshots } from './send-snapshots.ts';

/** The metrics of this process: where instruments are made, and how it ends. */
export interface Metrics {
  readonly provider: CountingMeterProvider;
  /** For what describes this process and no other. */
  readonly processProvider: MeterProviderApi;
  /** Hands over what is known where somebody else exposes it. */
  handOver(): Promise<void>;
  shutdown(): Promise<void>;
}

const views: ViewOptions[] = [
  // The instrumentation leaves out the unit, and with it the metric's name would lack its suffix.
  { instrumentName: 'process.memory.usage', name: 'process.memory.usage_bytes' },
  {
    instrumentName: 'v8js.gc.duration',
    aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: GC_SECONDS } },
  },
];

/**
 * Serves `/metrics`, or ends the process with one line if the port cannot be had. A worker serves none: it hands what it
 * has measured to the supervisor, who exposes the sum.
 */
export async function startMetrics(config: Config, resource: Resource, role: Role): Promise<Metrics> {
  const histograms = new CountedHistograms(countedNames(), resource);
  const exporter = exporterFor(config, [histograms]);
  if (role !== 'worker') await listen(exporter, config);
  const sdk = new MeterProvider({ resource, readers: [exporter], sdkMetricsEnabled: true, views });
  const provider = new CountingMeterProvider(sdk, histograms);
  if (role === 'supervisor') exporter.answerWith(gatherSnapshots(() => exporter.collect()));
  if (role !== 'worker') {
    return { provider, processProvider: provider, handOver: async () => {}, shutdown: () => sdk.shutdown() };
  }

  // Apart from the others: these are collected when somebody asks, and the others each second.
  const processMetrics = exporterFor(config);
  const processSdk = new MeterProvider({ resource, readers: [processMetrics], views });
  const snapshots = sendSnapshots(exporter, processMetrics);
  return {
    provider,
    processProvider: processSdk,
    handOver: snapshots.send,
    async shutdown() {
      snapshots.stop();
      await Promise.all([sdk.shutdown(), processSdk.shutdown()]);
    },
  };
}

/** Waymark's own histograms; a measurement of these two leads to its trace. */
function countedNames(): CountedNames {
  const exemplary: readonly string[] = [METRIC.requestDuration.name, METRIC.predictionDuration.name];
  const histograms = OWN_METRICS.filter(({ type }) => type === 'histogram');
  return Object.fromEntries(histograms.map(({ name }) => [name, { exemplars: exemplary.includes(name) }]));
}

function exporterFor(config: Config, producers: MetricProducer[] = []): UnitNamingPrometheusExporter {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  return new UnitNamingPrometheusExporter({ host, port: config.OTEL_EXPORTER_PROMETHEUS_PORT }, producers);
}

async function listen(exporter: UnitNamingPrometheusExporter, config: Config): Promise<void> {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  const port = config.OTEL_EXPORTER_PROMETHEUS_PORT;
  try {
    await exporter.startServer();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is in use' : 'cannot be opened';
    process.stderr.write(`OTEL_EXPORTER_PROMETHEUS_PORT: ${port} ${reason} on ${host}; allowed: a free port\n`);
    process.exit(EXIT_CONFIG);
  }
}
