import { randomFillSync } from 'node:crypto';
import {
  type Context,
  context,
  createContextKey,
  INVALID_TRACEID,
  type Span,
  type SpanContext,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { IdGenerator } from '@opentelemetry/sdk-trace';

/** The ids that lead from a response, a log record or a prediction id to its trace. */
export interface TraceIds {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The flags of `traceresponse`, as two hexadecimal digits. */
  readonly flags: string;
}

/**
 * Returns the ids of the span of `scope`, or random ids if the SDK is not running. With random ids a response and its log
 * lines still share a trace id, and prediction ids stay unique.
 *
 * @param requestTraceId the trace id of the request, if it is known; it is used if the SDK is not running
 */
export function traceIds(scope: Context = context.active(), requestTraceId?: string): TraceIds {
  const span = tracedSpan(scope);
  if (span) {
    const { traceId, spanId, traceFlags } = span;
    const flags = FLAGS[(traceFlags & TraceFlags.SAMPLED) | (callerTraceOf(scope)?.flags ?? 0)]!;
    return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0, flags };
  }
  return { traceId: requestTraceId ?? randomHex(16), spanId: randomHex(8), sampled: false, flags: '00' };
}

const FLAGS = ['00', '01', '02', '03'];

/** The flag of Trace Context level 2 for a random trace id. */
export const RANDOM_FLAG = 2;

/** The parts of a continued trace that its spans do not record. */
export interface CallerTrace {
  /** `RANDOM_FLAG` or 0. */
  readonly flags: number;
  readonly traceState: string | undefined;
}

const CALLER_TRACE = createContextKey('waymark.caller-trace');

/** Returns the parts of the trace that `scope` continues, or `undefined` if there are none. */
export function callerTraceOf(scope: Context): CallerTrace | undefined {
  return scope.getValue(CALLER_TRACE) as CallerTrace | undefined;
}

/** Returns a context with the parts of a continued trace. */
export function withCallerTrace(scope: Context, caller: CallerTrace): Context {
  return scope.setValue(CALLER_TRACE, caller);
}

/**
 * Returns the context of the span of `scope`, or `undefined` if there is none with a valid trace id. One comparison is
 * enough: the SDK has already checked each digit of an id that a client sent.
 */
export function tracedSpan(scope: Context): SpanContext | undefined {
  const span = trace.getSpanContext(scope);
  return span === undefined || span.traceId === INVALID_TRACEID ? undefined : span;
}

/**
 * Runs `work` with `span` as the active span. Ends the span when the work ends, and sets its status to error if the work
 * throws.
 */
export function withinSpan<T>(span: Span, work: (span: Span) => T | Promise<T>): Promise<T> {
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Generates ids from a pool of random bytes. The SDK's generator draws each 32-bit word of an id separately. */
export const randomIdGenerator: IdGenerator = {
  generateTraceId: () => randomHex(16),
  generateSpanId: () => randomHex(8),
};

/** The bytes of some dozens of ids. One call for many bytes costs hardly more than one call for a few. */
const pool = Buffer.alloc(1_024);
let digits = '';
let used = 0;

function randomHex(bytes: number): string {
  const length = 2 * bytes;
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}
