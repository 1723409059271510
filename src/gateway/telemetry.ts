import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import type { UncheckedReason } from './verdict.ts';

/** The names of all telemetry that the gateway makes of its own, besides what instrumentations make. */
export const GATEWAY_SCOPE = 'waymark.gateway';

/** What its process is called in telemetry where `OTEL_SERVICE_NAME` does not say otherwise. */
export const GATEWAY_SERVICE = 'mail-gateway';

/** The SERVER span of one message that came by SMTP. */
export const RECEIVE_SPAN = 'SMTP message';

/** Attributes of spans and log records. */
export const GATEWAY_ATTRIBUTE = {
  protocol: 'network.protocol.name',
  messageBytes: 'mail_gateway.message.bytes',
  verdict: 'mail_gateway.verdict',
  uncheckedReason: 'mail_gateway.unchecked.reason',
  predictionId: 'classifier.prediction.id',
  predictionTraceId: 'mail_gateway.prediction.trace_id',
} as const;

/** 1 ms to 10 s: from a service that answers at once to the end of any sensible deadline. */
const judgingSeconds = [1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type Protocol = 'http' | 'smtp';
export type VerdictName = 'spam' | 'not_spam' | 'unchecked';

export interface GatewayInstruments {
  /** Messages by verdict and protocol. */
  readonly messages: Counter<{ verdict: VerdictName; protocol: Protocol }>;
  /** Messages let through without a verdict, by the reason. */
  readonly unchecked: Counter<{ reason: UncheckedReason; protocol: Protocol }>;
  /** Seconds from a whole message to its verdict. */
  readonly judging: Histogram<{ protocol: Protocol }>;
}

/** The gateway's instruments, from the global meter provider: created after the SDK has started, and once. */
export function createGatewayInstruments(): GatewayInstruments {
  const meter = metrics.getMeter(GATEWAY_SCOPE);
  return {
    messages: meter.createCounter('mail_gateway.messages', {
      unit: '{message}',
      description: 'Messages judged, by verdict',
    }),
    unchecked: meter.createCounter('mail_gateway.unchecked', {
      unit: '{message}',
      description: 'Messages let through without a verdict, by the reason',
    }),
    judging: meter.createHistogram('mail_gateway.judging.duration', {
      unit: 's',
      description: 'Time from a whole message to its verdict',
      advice: { explicitBucketBoundaries: judgingSeconds },
    }),
  };
}
