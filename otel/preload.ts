/**
 * Starts the OpenTelemetry SDK before the service: `node --import ./otel/preload.ts src/main.ts`.
 *
 * No module hook is registered: the only instrumentation that patches a module patches Node's own `http`, which the
 * instrumentation does to the module itself as soon as it is required.
 */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  envDetector,
  processDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AggregationType } from '@opentelemetry/sdk-metrics';
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node';
import { NoopSpanProcessor } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_VERSION, METRIC_HTTP_SERVER_REQUEST_DURATION } from '@opentelemetry/semantic-conventions';
import packageJson from '../package.json' with { type: 'json' };
import { applyTelemetryDefaults, type Config, EXIT_CONFIG, readConfigOrExit } from '../src/config.ts';
import { registerSdk } from '../src/monitoring/sdk.ts';
import { REQUEST_SECONDS } from '../src/monitoring/telemetry.ts';
import { UnitNamingPrometheusExporter } from './prometheus-exporter.ts';

const config = readConfigOrExit();
if (!config.OTEL_SDK_DISABLED) await start(config);

async function start(config: Config): Promise<void> {
  applyTelemetryDefaults();
  const metricReader = await serveMetrics(config);
  const sdk = new NodeSDK({
    serviceName: config.OTEL_SERVICE_NAME,
    resource: defaultResource().merge(
      resourceFromAttributes({ [ATTR_SERVICE_VERSION]: packageJson.version, 'host.name': hostname() }),
    ),
    // The detectors that answer at once: a scrape before the others had answered would find no resource.
    resourceDetectors: [envDetector, serviceInstanceIdDetector, processDetector],
    metricReaders: [metricReader],
    ...exporters(config),
    views: [
      // The instrumentation leaves out the unit, and with it the metric's name would lack its suffix.
      { instrumentName: 'process.memory.usage', name: 'process.memory.usage_bytes' },
      {
        instrumentName: METRIC_HTTP_SERVER_REQUEST_DURATION,
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: REQUEST_SECONDS } },
      },
    ],
    instrumentations: [
      getNodeAutoInstrumentations({
        '@opentelemetry/instrumentation-http': {
          // A scrape of the metrics is no request to the service.
          ignoreIncomingRequestHook: ({ socket }) => socket.localPort === config.OTEL_EXPORTER_PROMETHEUS_PORT,
        },
        '@opentelemetry/instrumentation-host-metrics': {
          enabled: true,
          metricGroups: ['process.cpu', 'process.memory'],
        },
      }),
    ],
  });
  sdk.start();
  createRequire(import.meta.url)('node:http');
  registerSdk(() => sdk.shutdown());
}

/** Where spans and log records go. Without an endpoint: nowhere, though traces still have their ids. */
function exporters(config: Config): Partial<NodeSDKConfiguration> {
  const traces = config.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  const logs = config.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT ?? config.OTEL_EXPORTER_OTLP_ENDPOINT;
  return {
    ...(traces ? { traceExporter: new OTLPTraceExporter() } : { spanProcessors: [new NoopSpanProcessor()] }),
    logRecordProcessors: logs ? [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })] : [],
  };
}

async function serveMetrics(config: Config): Promise<UnitNamingPrometheusExporter> {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  const port = config.OTEL_EXPORTER_PROMETHEUS_PORT;
  const exporter = new UnitNamingPrometheusExporter({ host, port, withoutScopeInfo: true, preventServerStart: true });
  try {
    await exporter.startServer();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'is in use' : 'cannot be opened';
    process.stderr.write(`OTEL_EXPORTER_PROMETHEUS_PORT: ${port} ${reason} on ${host}; allowed: a free port\n`);
    process.exit(EXIT_CONFIG);
  }
  return exporter;
}
