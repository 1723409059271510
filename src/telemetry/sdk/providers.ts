import { context, logs, propagation, type TextMapPropagator, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { Resource } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor } from '@opentelemetry/sdk-logs';
import { type IdGenerator, type Sampler, type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { type Environment, hasSdkVariables } from './sdk-variables.ts';

/** The parts of the SDK that Waymark creates itself. */
export interface SdkParts {
  readonly resource: Resource;
  readonly sampler: Sampler;
  readonly idGenerator: IdGenerator;
  readonly spanProcessors: SpanProcessor[];
  readonly logRecordProcessors: LogRecordProcessor[];
  /** Without one, the SDK creates those of `OTEL_PROPAGATORS`. */
  readonly propagator: TextMapPropagator | undefined;
}

/**
 * Registers the providers of traces and logs, the context manager and the propagator.
 *
 * `NodeSDK` does the same, and also reads variables for limits, propagators and its log. But its package loads each exporter
 * there is, with gRPC, Zipkin and a parser of YAML: more than 300 modules. So it is loaded only if one of these variables is set.
 *
 * @returns the function that exports the remaining telemetry and shuts down the providers
 */
export async function registerProviders(parts: SdkParts, env: Environment): Promise<() => Promise<void>> {
  if (parts.propagator === undefined || hasSdkVariables(env)) return startNodeSdk(parts);
  const { resource, sampler, idGenerator, spanProcessors, logRecordProcessors, propagator } = parts;
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(propagator);
  const tracers = new TracerProvider({ resource, sampler, idGenerator, spanProcessors });
  trace.setGlobalTracerProvider(tracers);
  const loggers = new LoggerProvider({ resource, processors: logRecordProcessors });
  logs.setGlobalLoggerProvider(loggers);
  return async () => {
    await Promise.all([tracers.shutdown(), loggers.shutdown()]);
  };
}

async function startNodeSdk({ propagator, ...parts }: SdkParts): Promise<() => Promise<void>> {
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    ...parts,
    autoDetectResources: false,
    metricReaders: [],
    ...(propagator && { textMapPropagator: propagator }),
  });
  sdk.start();
  return () => sdk.shutdown();
}
