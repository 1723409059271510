import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { type Config, EXIT_CONFIG } from '../src/config.ts';
import { GC_SECONDS, METRIC } from '../src/monitoring/telemetry.ts';
import { ExemplarMeterProvider } from './exemplar-meter-provider.ts';
import { UnitNamingPrometheusExporter } from './prometheus-exporter.ts';

/** The metrics of this process: where instruments are made, and how it ends. */
export interface Metrics {
  readonly provider: ExemplarMeterProvider;
  shutdown(): Promise<void>;
}

/** Serves `/metrics`, or ends the process with one line if the port cannot be had. */
export async function startMetrics(config: Config, resource: Resource): Promise<Metrics> {
  const exporter = await listen(config);
  const sdk = new MeterProvider({
    resource,
    readers: [exporter],
    sdkMetricsEnabled: true,
    views: [
      // The instrumentation leaves out the unit, and with it the metric's name would lack its suffix.
      { instrumentName: 'process.memory.usage', name: 'process.memory.usage_bytes' },
      {
        instrumentName: 'v8js.gc.duration',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: GC_SECONDS } },
      },
    ],
  });
  const provider = new ExemplarMeterProvider(sdk, {
    [METRIC.requestDuration.name]: METRIC.requestDuration.boundaries,
    [METRIC.predictionDuration.name]: METRIC.predictionDuration.boundaries,
  });
  exporter.useExemplars((instrument, attributes) => provider.exemplars(instrument, attributes));
  return { provider, shutdown: () => sdk.shutdown() };
}

async function listen(config: Config): Promise<UnitNamingPrometheusExporter> {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  const port = config.OTEL_EXPORTER_PROMETHEUS_PORT;
  const exporter = new UnitNamingPrometheusExporter({ host, port });
  try {
    await exporter.startServer();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is in use' : 'cannot be opened';
    process.stderr.write(`OTEL_EXPORTER_PROMETHEUS_PORT: ${port} ${reason} on ${host}; allowed: a free port\n`);
    process.exit(EXIT_CONFIG);
  }
  return exporter;
}
