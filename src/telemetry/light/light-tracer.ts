import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import { type IdGenerator, type Sampler, SamplingDecision, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { LightSpan, type SpanOrigin } from './light-span.ts';

/** Options of a light tracer. */
interface LightTracerOptions {
  /** Must make the same decision for all spans of a trace that start in this process. */
  readonly sampler: Sampler;
  readonly idGenerator: IdGenerator;
}

/** Options of a light tracer provider. */
export interface LightTracerProviderOptions extends LightTracerOptions {
  /** The names of the instrumentation scopes that get light spans. */
  readonly scopes: ReadonlySet<string>;
  readonly resource: Resource;
  readonly processors: readonly SpanProcessor[];
}

const defaultOptions: SpanOptions = {};

/**
 * Creates a tracer provider with light tracers for some scopes, and the SDK's tracers for all others.
 *
 * @param sdk the SDK's provider, with the default limits
 */
export function createLightTracerProvider(sdk: TracerProvider, options: LightTracerProviderOptions): TracerProvider {
  const { scopes, resource, processors } = options;
  const tracers = new Map<string, Tracer>();
  return {
    getTracer(name: string, version?: string, settings?: TracerOptions): Tracer {
      if (!scopes.has(name) || settings?.schemaUrl !== undefined) return sdk.getTracer(name, version, settings);
      const key = `${name}@${version ?? ''}`;
      let tracer = tracers.get(key);
      if (tracer === undefined) {
        const scope = { name, ...(version !== undefined && { version }) };
        tracer = new LightTracer({ resource, scope, processors }, options);
        tracers.set(key, tracer);
      }
      return tracer;
    },
  };
}

/**
 * A tracer that creates light spans. It samples the child of a sampled light span without a call to the sampler, which
 * would check each digit of two ids.
 */
export class LightTracer implements Tracer {
  readonly #origin: SpanOrigin;
  readonly #sampler: Sampler;
  readonly #ids: IdGenerator;

  constructor(origin: SpanOrigin, { sampler, idGenerator }: LightTracerOptions) {
    this.#origin = origin;
    this.#sampler = sampler;
    this.#ids = idGenerator;
  }

  startSpan(name: string, options = defaultOptions, scope: Context = context.active()): Span {
    const parentScope = options.root === true ? trace.deleteSpan(scope) : scope;
    if (isTracingSuppressed(parentScope)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parent = trace.getSpan(parentScope);
    if (!(parent instanceof LightSpan)) return this.#sample(name, options, parentScope, parent?.spanContext());
    const parentContext = parent.spanContext();
    const { traceId, traceFlags, traceState } = parentContext;
    if (traceFlags !== TraceFlags.SAMPLED) return this.#sample(name, options, parentScope, parentContext);
    const spanId = this.#ids.generateSpanId();
    return this.#start(
      { traceId, spanId, traceFlags, traceState } as SpanContext,
      parentContext,
      name,
      options,
      parentScope,
    );
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, fn: F): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    options: SpanOptions,
    scope: Context,
    fn: F,
  ): ReturnType<F>;
  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: [F] | [SpanOptions, F] | [SpanOptions, Context, F]
  ): ReturnType<F> {
    const fn = rest.at(-1) as F;
    const [options, scope = context.active()] = rest.slice(0, -1) as [SpanOptions?, Context?];
    const span = this.startSpan(name, options, scope);
    return context.with(trace.setSpan(scope, span), fn as (span: Span) => ReturnType<F>, undefined, span);
  }

  #sample(name: string, options: SpanOptions, scope: Context, parentContext: SpanContext | undefined): Span {
    const parent = parentContext !== undefined && trace.isSpanContextValid(parentContext) ? parentContext : undefined;
    const spanId = this.#ids.generateSpanId();
    const traceId = parent?.traceId ?? this.#ids.generateTraceId();
    const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options;
    const result = this.#sampler.shouldSample(scope, traceId, name, kind, attributes, links);
    const traceFlags = result.decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const traceState = result.traceState ?? parent?.traceState;
    const spanContext = { traceId, spanId, traceFlags, traceState } as SpanContext;
    if (result.decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(spanContext);
    const sampledOptions =
      result.attributes === undefined ? options : { ...options, attributes: { ...attributes, ...result.attributes } };
    return this.#start(spanContext, parent, name, sampledOptions, scope);
  }

  #start(
    spanContext: SpanContext,
    parent: SpanContext | undefined,
    name: string,
    options: SpanOptions,
    scope: Context,
  ): LightSpan {
    const span = new LightSpan(this.#origin, spanContext, parent, name, options);
    for (const processor of this.#origin.processors) processor.onStart(span, scope);
    return span;
  }
}
