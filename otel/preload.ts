/**
 * Starts the OpenTelemetry SDK before the service: `node --import ./otel/preload.ts src/main.ts`.
 *
 * No module hook is registered: the only instrumentation that patches a module patches Node's own `http`, which the
 * instrumentation does to the module itself as soon as it is required.
 */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { logs, metrics } from '@opentelemetry/api';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import {
  defaultResource,
  detectResources,
  envDetector,
  processDetector,
  type Resource,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import packageJson from '../package.json' with { type: 'json' };
import { applyTelemetryDefaults, type Config, readConfigOrExit } from '../src/config.ts';
import { registerSdk } from '../src/monitoring/sdk.ts';
import { roleOf } from '../src/workers/role.ts';
import { logRecordProcessors, spanProcessors } from './exports.ts';
import { instrumentations } from './instrumentations.ts';
import { LeanLoggerProvider } from './lean-logger-provider.ts';
import { startMetrics } from './metrics.ts';
import { createSampler } from './sampler.ts';

const config = readConfigOrExit();
if (!config.OTEL_SDK_DISABLED) await start(config);

async function start(config: Config): Promise<void> {
  applyTelemetryDefaults();
  const resource = describeProcess(config);
  // The meter provider comes first and is not the SDK's own, so that what the exporters count of themselves reaches
  // it, and so that exemplars can be kept of what instrumentations measure.
  const { provider, processProvider, handOver, shutdown } = await startMetrics(config, resource, roleOf(config));
  // Made before there is a global meter provider: in a worker those of the process have one of their own.
  const { ofRequests, ofProcess } = instrumentations(config.OTEL_EXPORTER_PROMETHEUS_PORT);
  metrics.setGlobalMeterProvider(provider);
  const recordProcessors = logRecordProcessors(config, provider);
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    metricReaders: [],
    sampler: createSampler(config),
    spanProcessors: spanProcessors(config, provider),
    logRecordProcessors: recordProcessors,
  });
  sdk.start();
  makeLogLean(config, resource, recordProcessors);
  registerInstrumentations({ instrumentations: ofRequests });
  registerInstrumentations({ instrumentations: ofProcess, meterProvider: processProvider });
  createRequire(import.meta.url)('node:http');
  registerSdk(async () => {
    // Twice: what happened must not be lost if exporting takes too long, and exporting counts itself.
    await handOver();
    await sdk.shutdown();
    await handOver();
    await shutdown();
  });
}

/** Puts a lean logger provider before the SDK's, unless there is nothing to do or something is to be cut off. */
function makeLogLean(config: Config, resource: Resource, processors: readonly LogRecordProcessor[]): void {
  const limits = [
    config.OTEL_ATTRIBUTE_COUNT_LIMIT,
    config.OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT,
    config.OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT,
    config.OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT,
  ];
  if (processors.length === 0 || limits.some((limit) => limit !== undefined)) return;
  const provider = logs.getLoggerProvider();
  logs.disable();
  logs.setGlobalLoggerProvider(new LeanLoggerProvider(provider, resource, processors));
}

function describeProcess(config: Config): Resource {
  return (
    defaultResource()
      .merge(resourceFromAttributes({ [ATTR_SERVICE_VERSION]: packageJson.version, 'host.name': hostname() }))
      // The detectors that answer at once: a scrape before the others had answered would find no resource.
      .merge(detectResources({ detectors: [envDetector, serviceInstanceIdDetector, processDetector] }))
      .merge(resourceFromAttributes({ [ATTR_SERVICE_NAME]: config.OTEL_SERVICE_NAME }))
  );
}
