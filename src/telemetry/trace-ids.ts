import { type Context, context, INVALID_TRACEID, type SpanContext, trace } from '@opentelemetry/api';
import { randomHex } from './random-hex.ts';

/** The ids under which a request can be followed. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

/**
 * The ids of the span of `scope`. Where no SDK runs there is no span: then they are made up, so that a response
 * and its log lines still share a trace id, and prediction ids stay unique.
 */
export function traceIds(scope: Context = context.active()): TraceIds {
  const span = tracedSpan(scope);
  if (span) {
    return { traceId: span.traceId, spanId: span.spanId, sampled: (span.traceFlags & 1) === 1 };
  }
  return { traceId: randomHex(16), spanId: randomHex(8), sampled: false };
}

/** The span of `scope`, if there is one that can be followed. The SDK checked what came from outside, digit by digit. */
export function tracedSpan(scope: Context): SpanContext | undefined {
  const span = trace.getSpanContext(scope);
  return span === undefined || span.traceId === INVALID_TRACEID ? undefined : span;
}
