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
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { type IdGenerator, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { PlainSpan, type SpanOrigin } from './plain-span.ts';

/** How a tracer decides on spans, and names them. */
export interface PlainTracerOptions {
  /** Decides alike on all spans of a trace that begin in this process. */
  readonly sampler: Sampler;
  readonly idGenerator: IdGenerator;
}

const DEFAULTS: SpanOptions = {};

/**
 * A tracer that makes plain spans. The child of a sampled one is sampled without the sampler being asked: it would look at
 * each digit of two ids to say so.
 */
export class PlainTracer implements Tracer {
  readonly #origin: SpanOrigin;
  readonly #sampler: Sampler;
  readonly #ids: IdGenerator;

  constructor(origin: SpanOrigin, { sampler, idGenerator }: PlainTracerOptions) {
    this.#origin = origin;
    this.#sampler = sampler;
    this.#ids = idGenerator;
  }

  startSpan(name: string, options = DEFAULTS, scope: Context = context.active()): Span {
    const surroundings = options.root === true ? trace.deleteSpan(scope) : scope;
    if (isTracingSuppressed(surroundings)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parent = trace.getSpan(surroundings);
    if (!(parent instanceof PlainSpan)) return this.#decide(name, options, surroundings, parent?.spanContext());
    const parentContext = parent.spanContext();
    const { traceId, traceFlags, traceState } = parentContext;
    if (traceFlags !== TraceFlags.SAMPLED) return this.#decide(name, options, surroundings, parentContext);
    const spanId = this.#ids.generateSpanId();
    return this.#start(
      { traceId, spanId, traceFlags, traceState } as SpanContext,
      parentContext,
      name,
      options,
      surroundings,
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

  #decide(name: string, options: SpanOptions, scope: Context, known: SpanContext | undefined): Span {
    const parent = known !== undefined && trace.isSpanContextValid(known) ? known : undefined;
    const spanId = this.#ids.generateSpanId();
    const traceId = parent?.traceId ?? this.#ids.generateTraceId();
    const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options;
    const result = this.#sampler.shouldSample(scope, traceId, name, kind, attributes, links);
    const traceFlags = result.decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE;
    const traceState = result.traceState ?? parent?.traceState;
    const spanContext = { traceId, spanId, traceFlags, traceState } as SpanContext;
    if (result.decision === SamplingDecision.NOT_RECORD) return trace.wrapSpanContext(spanContext);
    const described =
      result.attributes === undefined ? options : { ...options, attributes: { ...attributes, ...result.attributes } };
    return this.#start(spanContext, parent, name, described, scope);
  }

  #start(
    spanContext: SpanContext,
    parent: SpanContext | undefined,
    name: string,
    options: SpanOptions,
    scope: Context,
  ): PlainSpan {
    const span = new PlainSpan(this.#origin, spanContext, parent, name, options);
    for (const processor of this.#origin.processors) processor.onStart(span, scope);
    return span;
  }
}
