import { hash, timingSafeEqual } from 'node:crypto';
import type { MeterProvider as MeterProviderApi } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationType, MeterProvider, type MetricProducer, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { type Config, EXIT_CONFIG } from '../platform/config.ts';
import { createHostCheck } from '../platform/hosts.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { LiveVersions, liveVersions } from '../telemetry/live-versions.ts';
import { GC_SECONDS } from '../telemetry/metric-definition.ts';
import {
  type CountedInstrumentOptions,
  CountedInstruments,
  CountingMeterProvider,
} from '../telemetry/metrics/counting-meter-provider.ts';
import { UnitNamingPrometheusExporter } from '../telemetry/metrics/prometheus-exporter.ts';
import { LABEL, METRIC } from '../telemetry/names.ts';
import { OWN_METRICS } from '../telemetry/registry/metrics.ts';
import { gatherSnapshots } from './gather-snapshots.ts';
import type { ProcessRole } from './role.ts';
import { sendSnapshots } from './send-snapshots.ts';

/** The meter providers of this process. */
export interface Metrics {
  readonly provider: CountingMeterProvider;
  /** The provider for metrics about this process. */
  readonly processProvider: MeterProviderApi;
  /** In a worker, sends all metrics to the supervisor, which exposes them. */
  sendToSupervisor(): Promise<void>;
  shutdown(): Promise<void>;
}

/** The maximum size of the file with the token of a scrape. */
const MAX_TOKEN_BYTES = 8_192;

const VIEWS: ViewOptions[] = [
  // The instrumentation leaves out the unit, so the metric's name would lack its suffix.
  { instrumentName: 'process.memory.usage', name: 'process.memory.usage_bytes' },
  {
    instrumentName: 'v8js.gc.duration',
    aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: GC_SECONDS } },
  },
];

/**
 * Creates the meter providers and serves `/metrics`. Ends the process with one line if the port is not available. A worker
 * does not serve `/metrics`: it sends its metrics to the supervisor, which exposes the sum of all workers.
 */
export async function startMetrics(config: Config, resource: Resource, role: ProcessRole): Promise<Metrics> {
  const counted = new CountedInstruments(countedInstruments(), resource);
  const exporter = createExporter(config, [counted]);
  liveVersions.onEnd((model, version) =>
    counted.forget((attributes) => attributes[LABEL.model] === model && attributes[LABEL.version] === version),
  );
  const isServed = role !== 'worker' && !config.OTEL_METRICS_EXPORTER.includes('none');
  if (isServed) await listen(exporter, config);
  const sdk = new MeterProvider({ resource, readers: [exporter], sdkMetricsEnabled: true, views: VIEWS });
  const provider = new CountingMeterProvider(sdk, counted);
  if (role === 'supervisor') exporter.setSource(gatherSnapshots(() => exporter.collect()));
  if (role !== 'worker') {
    return { provider, processProvider: provider, sendToSupervisor: async () => {}, shutdown: () => sdk.shutdown() };
  }

  // These are separate, because they are collected for a scrape, and the others each second.
  const processMetrics = createExporter(config, [], new LiveVersions());
  const processSdk = new MeterProvider({ resource, readers: [processMetrics], views: VIEWS });
  const snapshots = sendSnapshots(exporter, processMetrics);
  return {
    provider,
    processProvider: processSdk,
    sendToSupervisor: snapshots.send,
    async shutdown() {
      snapshots.stop();
      await Promise.all([sdk.shutdown(), processSdk.shutdown()]);
    },
  };
}

/** Returns Waymark's own histograms, two of them with exemplars, and the counter that each prediction increments. */
function countedInstruments(): CountedInstrumentOptions {
  const withExemplars: readonly string[] = [METRIC.requestDuration.name, METRIC.predictionDuration.name];
  const histograms = OWN_METRICS.filter(({ type }) => type === 'histogram');
  return {
    histograms: Object.fromEntries(histograms.map(({ name }) => [name, { exemplars: withExemplars.includes(name) }])),
    counters: [METRIC.predictions.name],
  };
}

function createExporter(
  config: Config,
  producers: MetricProducer[],
  versions: LiveVersions = liveVersions,
): UnitNamingPrometheusExporter {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  const isAllowedHost = createHostCheck(host, config.ALLOWED_HOSTS);
  return new UnitNamingPrometheusExporter(
    { host, port: config.OTEL_EXPORTER_PROMETHEUS_PORT, isAllowedHost, isAuthorized: scrapeCheck(config) },
    producers,
    versions,
  );
}

/**
 * Returns the check of the token of a scrape; undefined without `METRICS_TOKEN_FILE`. The file is read for each scrape, so it
 * can be replaced. Without a token in it nobody is admitted.
 */
function scrapeCheck({ METRICS_TOKEN_FILE: file }: Config) {
  if (file === undefined) return undefined;
  return async (authorization = '') => {
    const text = await readRegularFile(file, MAX_TOKEN_BYTES).catch(() => undefined);
    const token = text?.toString().trim() ?? '';
    const sent = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (token === '' || sent === undefined) return false;
    return timingSafeEqual(hash('sha256', sent, 'buffer'), hash('sha256', token, 'buffer'));
  };
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
