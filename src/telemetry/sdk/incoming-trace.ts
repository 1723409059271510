import type { IncomingHttpHeaders } from 'node:http';
import { type Context, type Link, propagation, type TextMapSetter, trace } from '@opentelemetry/api';
import { CompositePropagator, TraceState, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { callerTraceOf, RANDOM_FLAG, withCallerTrace } from '../tracing.ts';
import { linkedRoot } from './linked-context.ts';

/**
 * The greatest threshold of sampling that is believed of a caller: that of the probability 1/1,000. The span metrics of the
 * Collector count a span 1/probability times, so a caller could add any number to them. A greater threshold is left out, and
 * the span counts once.
 */
const MAX_THRESHOLD = 'ffbe76c8b43958';

const THRESHOLD = /^th:([0-9a-f]{1,14})$/;
const RANDOMNESS = /^rv:[0-9a-f]{14}$/;

/** The parts of a `tracestate`. */
interface ReadTraceState {
  /** The sampling probability and nothing else. It becomes part of every span. */
  readonly recorded: string | undefined;
  /** All valid members. They are sent on with requests of this process, and are not recorded. */
  readonly propagated: string | undefined;
}

/** Reads a `tracestate`. The member of OpenTelemetry is read pair by pair, and other members stay as they are. */
export function readTraceState(header: string): ReadTraceState {
  const state = new TraceState(header);
  const member = state.get('ot');
  const pairs = member === undefined ? [] : readPairs(member);
  const recorded = pairs.filter((pair) => THRESHOLD.test(pair) || RANDOMNESS.test(pair));
  const propagated = pairs.length > 0 ? state.set('ot', pairs.join(';')) : state.unset('ot');
  return {
    recorded: recorded.length > 0 ? `ot=${recorded.join(';')}` : undefined,
    propagated: propagated.serialize() || undefined,
  };
}

/** Returns the pairs of a member `ot` that are kept: the first valid pair of each known key, and pairs of unknown keys. */
function readPairs(member: string): string[] {
  const seen = new Set<string>();
  return member.split(';').filter((pair) => {
    const [key = ''] = pair.split(':', 1);
    const threshold = THRESHOLD.exec(pair)?.[1];
    if (key === 'th' && (threshold === undefined || threshold.padEnd(14, '0') > MAX_THRESHOLD)) return false;
    if ((key === 'rv' && !RANDOMNESS.test(pair)) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The start of the span of a request: the context of its parent, and links. */
interface SpanStart {
  readonly parentScope: Context;
  readonly links?: Link[];
}

/**
 * Reads the trace of the caller from the headers of a request. An untrusted trace becomes a link, so that neither its ids nor
 * its sampling are followed.
 */
export function readCallerTrace(headers: IncomingHttpHeaders, isTrusted: boolean): SpanStart {
  const state = headers['tracestate'];
  const { recorded, propagated } = state === undefined ? noTraceState : readTraceState(String(state));
  if (state !== undefined) {
    if (recorded === undefined) delete headers['tracestate'];
    else headers['tracestate'] = recorded;
  }
  const scope = propagation.extract(linkedRoot, headers);
  const caller = trace.getSpanContext(scope);
  if (caller === undefined) return { parentScope: isTrusted ? scope : linkedRoot };
  if (!isTrusted) {
    const { traceId, spanId, traceFlags } = caller;
    return { parentScope: linkedRoot, links: [{ context: { traceId, spanId, traceFlags, isRemote: true } }] };
  }
  const flags = caller.traceFlags & RANDOM_FLAG;
  if (flags === 0 && propagated === recorded) return { parentScope: scope };
  return { parentScope: withCallerTrace(scope, { flags, traceState: propagated }) };
}

const noTraceState: ReadTraceState = { recorded: undefined, propagated: undefined };

/** Propagates W3C Trace Context, with the flags of level 2 and the unknown members of the trace that it continues. */
class CallerTracePropagator extends W3CTraceContextPropagator {
  override inject(scope: Context, carrier: unknown, setter: TextMapSetter): void {
    const caller = callerTraceOf(scope);
    if (caller === undefined) {
      super.inject(scope, carrier, setter);
      return;
    }
    const span = trace.getSpanContext(scope);
    super.inject(scope, carrier, {
      set(target, key, value) {
        if (key !== 'traceparent') return;
        const flags = ((span?.traceFlags ?? 0) | caller.flags).toString(16).padStart(2, '0');
        setter.set(target, key, value.replace(/[\da-f]{2}$/, flags));
        if (caller.traceState !== undefined) setter.set(target, 'tracestate', caller.traceState);
      },
    });
  }
}

/**
 * Creates the propagator, or returns `undefined` if the SDK shall create the ones of `OTEL_PROPAGATORS`. Only the default
 * propagators keep flags of level 2 and unknown members.
 */
export function createPropagator(names: string | undefined): CompositePropagator | undefined {
  if (names?.trim()) return undefined;
  return new CompositePropagator({ propagators: [new CallerTracePropagator(), new W3CBaggagePropagator()] });
}
