import type { Tracer, TracerOptions, TracerProvider } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { PlainTracer, type PlainTracerOptions } from './plain-tracer.ts';

export interface PlainTracerProviderOptions extends PlainTracerOptions {
  /** The names of those whose spans are plain ones. */
  readonly scopes: ReadonlySet<string>;
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
}

/**
 * A tracer provider whose tracers make plain spans for some scopes, and are the SDK's for all others.
 *
 * @param sdk with no other limits than its own
 */
export function plainTracerProvider(sdk: TracerProvider, options: PlainTracerProviderOptions): TracerProvider {
  const { scopes, resource, processors } = options;
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
