/**
 * Starts the OpenTelemetry SDK before the service: `node --import ./otel/preload.ts src/main.ts`.
 *
 * No module hook is registered: the only instrumentation that patches a module patches Node's own `http`, which the
 * instrumentation does to the module itself as soon as it is required.
 */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { logs, metrics, trace } from '@opentelemetry/api';
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
import { applyTelemetryDefaults, type Config, hasTelemetryLimits, readConfigOrExit } from '../src/platform/config.ts';
import { startMetrics } from '../src/process/metrics.ts';
import { roleOf } from '../src/process/role.ts';
import { createLightLoggerProvider } from '../src/telemetry/light/light-logger-provider.ts';
import { createLightTracerProvider, type LightTracerProviderOptions } from '../src/telemetry/light/light-tracer.ts';
import { SCOPE } from '../src/telemetry/names.ts';
import { createLogRecordProcessors, createSpanProcessors } from '../src/telemetry/sdk/batch-processors.ts';
import { createInstrumentations } from '../src/telemetry/sdk/instrumentations.ts';
import { createSampler } from '../src/telemetry/sdk/sampler.ts';
import { registerSdkShutdown } from '../src/telemetry/sdk/sdk-handle.ts';
import { SERVER_SCOPE } from '../src/telemetry/sdk/server-instrumentation.ts';
import { randomIdGenerator } from '../src/telemetry/tracing.ts';

const config = readConfigOrExit();
if (!config.OTEL_SDK_DISABLED) await start(config);

async function start(config: Config): Promise<void> {
  applyTelemetryDefaults();
  const resource = describeProcess(config);
  // The meter provider comes first and is not the SDK's own, so that what the exporters count of themselves reaches
  // it, and so that exemplars can be kept of what instrumentations measure.
  const { provider, processProvider, handOver, shutdown } = await startMetrics(config, resource, roleOf(config));
  // Made before there is a global meter provider: in a worker those of the process have one of their own.
  const { requestInstrumentations, processInstrumentations } = createInstrumentations(
    config.OTEL_EXPORTER_PROMETHEUS_PORT,
  );
  metrics.setGlobalMeterProvider(provider);
  const sampler = createSampler(config);
  const processors = createSpanProcessors(config, provider);
  const recordProcessors = createLogRecordProcessors(config, provider);
  const sdk = new NodeSDK({
    resource,
    autoDetectResources: false,
    metricReaders: [],
    sampler,
    idGenerator: randomIdGenerator,
    spanProcessors: processors,
    logRecordProcessors: recordProcessors,
  });
  sdk.start();
  // Light spans and records know only the default limits of the SDK.
  if (config.WAYMARK_LIGHT_TELEMETRY && !hasTelemetryLimits()) {
    const scopes = new Set([SCOPE, SERVER_SCOPE]);
    useLightProviders({ scopes, resource, sampler, idGenerator: randomIdGenerator, processors }, recordProcessors);
  }
  registerInstrumentations({ instrumentations: requestInstrumentations });
  registerInstrumentations({ instrumentations: processInstrumentations, meterProvider: processProvider });
  createRequire(import.meta.url)('node:http');
  registerSdkShutdown(async () => {
    // Twice: what happened must not be lost if exporting takes too long, and exporting counts itself.
    await handOver();
    await sdk.shutdown();
    await handOver();
    await shutdown();
  });
}

/** Puts providers of our own in place of the SDK's, which they ask for what belongs to others. */
function useLightProviders(tracing: LightTracerProviderOptions, recordProcessors: readonly LogRecordProcessor[]): void {
  const tracers = createLightTracerProvider(trace.getTracerProvider(), tracing);
  trace.disable();
  trace.setGlobalTracerProvider(tracers);
  if (recordProcessors.length === 0) return;
  const loggers = createLightLoggerProvider(logs.getLoggerProvider(), tracing.resource, recordProcessors);
  logs.disable();
  logs.setGlobalLoggerProvider(loggers);
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
