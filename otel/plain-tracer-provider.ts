import type { Tracer, TracerOptions, TracerProvider } from '@opentelemetry/api';
import { getStringFromEnv } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { PlainTracer, type PlainTracerOptions } from './plain-tracer.ts';

/** Limits that an operator can set, by the specification: a plain span knows their defaults only. */
const LIMIT_SETTINGS = [
  'OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT',
  'OTEL_SPAN_EVENT_COUNT_LIMIT',
  'OTEL_SPAN_LINK_COUNT_LIMIT',
  'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT',
  'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT',
  'OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT',
];

export interface PlainTracerProviderOptions extends PlainTracerOptions {
  /** The names of those whose spans are plain ones. */
  readonly scopes: ReadonlySet<string>;
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
}

/** A tracer provider whose tracers make plain spans where they may, and else are the SDK's. */
export function plainTracerProvider(sdk: TracerProvider, options: PlainTracerProviderOptions): TracerProvider {
  const { scopes, resource, processors } = options;
  if (LIMIT_SETTINGS.some((name) => getStringFromEnv(name) !== undefined)) return sdk;
  const tracers = new Map<string, Tracer>();
  return {
    getTracer(name: string, version?: string, settings?: TracerOptions): Tracer {
      if (!scopes.has(name) || settings?.schemaUrl !== undefined) return sdk.getTracer(name, version, settings);
      const key = `${name}@${version ?? ''}`;
      let tracer = tracers.get(key);
      if (tracer === undefined) {
        const scope = { name, ...(version !== undefined && { version }) };
        tracer = new PlainTracer({ resource, scope, processors }, options);
        tracers.set(key, tracer);
      }
      return tracer;
    },
  };
}
