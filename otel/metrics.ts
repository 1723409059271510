import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, type MetricProducer } from '@opentelemetry/sdk-metrics';
import { type Config, EXIT_CONFIG } from '../src/config.ts';
import { GC_SECONDS, METRIC } from '../src/monitoring/telemetry.ts';
import { CountedHistograms, type CountedNames, CountingMeterProvider } from './counting-meter-provider.ts';
import { UnitNamingPrometheusExporter } from './prometheus-exporter.ts';

/** The metrics of this process: where instruments are made, and how it ends. */
export interface Metrics {
  readonly provider: CountingMeterProvider;
  shutdown(): Promise<void>;
}

/** Serves `/metrics`, or ends the process with one line if the port cannot be had. */
export async function startMetrics(config: Config, resource: Resource): Promise<Metrics> {
  const histograms = new CountedHistograms(countedNames(), resource);
  const exporter = await listen(config, histograms);
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
  return { provider: new CountingMeterProvider(sdk, histograms), shutdown: () => sdk.shutdown() };
}

/** Waymark's own histograms; a measurement of these two leads to its trace. */
function countedNames(): CountedNames {
  const exemplary: readonly string[] = [METRIC.requestDuration.name, METRIC.predictionDuration.name];
  const histograms = Object.values(METRIC).filter(({ type }) => type === 'histogram');
  return Object.fromEntries(histograms.map(({ name }) => [name, { exemplars: exemplary.includes(name) }]));
}

async function listen(config: Config, histograms: MetricProducer): Promise<UnitNamingPrometheusExporter> {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  const port = config.OTEL_EXPORTER_PROMETHEUS_PORT;
  const exporter = new UnitNamingPrometheusExporter({ host, port }, [histograms]);
  try {
    await exporter.startServer();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is in use' : 'cannot be opened';
    process.stderr.write(`OTEL_EXPORTER_PROMETHEUS_PORT: ${port} ${reason} on ${host}; allowed: a free port\n`);
    process.exit(EXIT_CONFIG);
  }
  return exporter;
}
