import type { Context, TraceState as TraceStateApi } from '@opentelemetry/api';
import { SamplingDecision, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  type SamplingResult,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../../platform/config.ts';

/** The range of 52 of the 56 random bits of a trace id. A number holds 52 bits exactly. */
const RANGE = 2 ** 52;
const DIGITS = 13;

/**
 * Samples a share of traces and writes the probability to `tracestate` (`ot=th:…`), as the ProbabilitySampler of the
 * specification. The SDK has no such sampler yet. The span metrics of the Collector weight each span by its probability, so
 * they are right for any share.
 */
export class ProbabilitySampler implements Sampler {
  readonly #threshold: number;
  readonly #member: string;
  /** The trace state without a parent. Trace states are immutable. */
  readonly #rootState: TraceStateApi;

  /** @param share the share of sampled traces, from 0 to 1 */
  constructor(share: number) {
    this.#threshold = Math.round((1 - share) * RANGE);
    const digits = this.#threshold.toString(16).padStart(DIGITS, '0');
    this.#member = `th:${digits.replace(/0+$/, '') || '0'}`;
    this.#rootState = new TraceState().set('ot', this.#member);
  }

  shouldSample(scope: Context, traceId: string): SamplingResult {
    const randomness = Number.parseInt(traceId.slice(-DIGITS - 1, -1), 16);
    if (randomness < this.#threshold) return { decision: SamplingDecision.NOT_RECORD };
    const inherited = trace.getSpanContext(scope)?.traceState;
    const traceState = inherited?.set('ot', this.#member) ?? this.#rootState;
    return { decision: SamplingDecision.RECORD_AND_SAMPLED, traceState };
  }

  toString(): string {
    return `ProbabilitySampler{${this.#member}}`;
  }
}

/** Creates the sampler of `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. Without them every trace is sampled. */
export function createSampler(config: Config): Sampler {
  const name = config.OTEL_TRACES_SAMPLER ?? 'parentbased_always_on';
  const root = rootSampler(name.replace('parentbased_', ''), config.OTEL_TRACES_SAMPLER_ARG ?? 1);
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, share: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new ProbabilitySampler(share) : new AlwaysOnSampler();
}
