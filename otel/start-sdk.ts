/**
 * Starts the OpenTelemetry SDK. The preloads import it.
 *
 * It registers no module hook. Only one instrumentation patches a module, Node's own `http`, and it does so directly.
 */
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
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import packageJson from '../package.json' with { type: 'json' };
import { applyTelemetryDefaults, type Config, hasTelemetryLimits, readConfigOrExit } from '../src/platform/config.ts';
import { startMetrics } from '../src/process/metrics.ts';
import { processRole } from '../src/process/role.ts';
import { createLightLoggerProvider } from '../src/telemetry/light/light-logger-provider.ts';
import { createLightTracerProvider, type LightTracerProviderOptions } from '../src/telemetry/light/light-tracer.ts';
import { SCOPE } from '../src/telemetry/names.ts';
import { createLogRecordProcessors, createSpanProcessors } from '../src/telemetry/sdk/batch-processors.ts';
import { createPropagator } from '../src/telemetry/sdk/incoming-trace.ts';
import { createInstrumentations } from '../src/telemetry/sdk/instrumentations.ts';
import { registerProviders } from '../src/telemetry/sdk/providers.ts';
import { createSampler } from '../src/telemetry/sdk/sampler.ts';
import { registerSdkShutdown } from '../src/telemetry/sdk/sdk-handle.ts';
import { turnOffSecondSdk } from '../src/telemetry/sdk/second-sdk.ts';
import { SERVER_SCOPE } from '../src/telemetry/sdk/server-instrumentation.ts';
import { randomIdGenerator } from '../src/telemetry/tracing.ts';

const config = readConfigOrExit();

/** Matches attributes with the command line, paths and the user. They can hold secrets, and each span repeats them. */
const PRIVATE_ATTRIBUTE = /^process\.(?:command|command_args|executable\.path|owner)$/;

if (!config.OTEL_SDK_DISABLED) await start(config);

async function start(config: Config): Promise<void> {
  turnOffSecondSdk([process.env['NODE_OPTIONS'] ?? '', ...process.execArgv]);
  applyTelemetryDefaults();
  const resource = describeProcess(config);
  // The meter provider is created before the exporters, because they record metrics about themselves. It is not the SDK's,
  // so that histograms of instrumentations can have exemplars.
  const { provider, processProvider, sendToSupervisor, shutdown } = await startMetrics(
    config,
    resource,
    processRole(config),
  );
  // Created before there is a global meter provider, because in a worker those of the process have another one.
  const { requestInstrumentations, processInstrumentations } = await createInstrumentations(config, process.env);
  metrics.setGlobalMeterProvider(provider);
  const propagator = createPropagator(process.env['OTEL_PROPAGATORS']);
  const sampler = createSampler(config);
  const processors = await createSpanProcessors(config, provider);
  const recordProcessors = await createLogRecordProcessors(config, provider);
  const idGenerator = randomIdGenerator;
  const shutdownProviders = await registerProviders(
    { resource, sampler, idGenerator, spanProcessors: processors, logRecordProcessors: recordProcessors, propagator },
    process.env,
  );
  // Light spans and records know only the default limits of the SDK.
  if (config.WAYMARK_LIGHT_TELEMETRY && !hasTelemetryLimits()) {
    const scopes = new Set([SCOPE, SERVER_SCOPE]);
    useLightProviders({ scopes, resource, sampler, idGenerator, processors }, recordProcessors);
  }
  registerInstrumentations({ instrumentations: requestInstrumentations });
  registerInstrumentations({ instrumentations: processInstrumentations, meterProvider: processProvider });
  registerSdkShutdown(async () => {
    // Twice: before the export, which can take too long, and after it, because it changes the metrics of the exporters.
    await sendToSupervisor();
    await shutdownProviders();
    await sendToSupervisor();
    await shutdown();
  });
}

/** Replaces the SDK's providers with light ones. These use the SDK's for the spans and records of other scopes. */
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
  // Only synchronous detectors. Until an asynchronous one is ready, a scrape would have no resource.
  const { attributes } = detectResources({ detectors: [serviceInstanceIdDetector, processDetector] });
  const known = Object.entries(attributes).filter(([name]) => !PRIVATE_ATTRIBUTE.test(name));
  return (
    defaultResource()
      .merge(
        resourceFromAttributes({
          [ATTR_SERVICE_NAME]: config.OTEL_SERVICE_NAME,
          [ATTR_SERVICE_VERSION]: packageJson.version,
          'host.name': hostname(),
          ...Object.fromEntries(known),
        }),
      )
      // The environment wins over all others, and OTEL_SERVICE_NAME over OTEL_RESOURCE_ATTRIBUTES.
      .merge(detectResources({ detectors: [envDetector] }))
  );
}
