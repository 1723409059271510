import { propagation, trace } from '@opentelemetry/api';
import { createPropagator, readCallerTrace, readTraceState } from '../../../src/telemetry/sdk/incoming-trace.ts';

propagation.setGlobalPropagator(createPropagator(undefined)!);

/** The least probability of sampling that is believed, and a little below it for the rounding of the threshold. */
const MIN_PROBABILITY = 1 / 1_000 - 1e-9;

/** Reads the bytes as a `traceparent` and a `tracestate`, which a line break separates. */
export function fuzz(data: Buffer): void {
  const [traceparent = '', tracestate = ''] = data.toString('latin1').split('\n', 2);
  const { recorded } = readTraceState(tracestate);
  if (recorded !== undefined && !/^ot=(?:(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14});?)+$/.test(recorded)) {
    throw new Error('something unknown would be recorded');
  }
  const threshold = /th:([0-9a-f]+)/.exec(recorded ?? '')?.[1]?.padEnd(14, '0') ?? '0';
  if (1 - Number.parseInt(threshold, 16) / 16 ** 14 < MIN_PROBABILITY) throw new Error('the probability is too small');
  for (const isTrusted of [true, false]) {
    const { parentScope, links = [] } = readCallerTrace({ traceparent, tracestate }, isTrusted);
    if (!isTrusted && trace.getSpanContext(parentScope) !== undefined)
      throw new Error('an untrusted trace is continued');
    if (links.length > 1) throw new Error('there are several links');
    const headers = new Map<string, string>();
    propagation.inject(parentScope, headers, { set: (target, key, value) => void target.set(key, value) });
  }
}
