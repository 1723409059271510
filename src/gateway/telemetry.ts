import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import { instrumentOptions, type MetricDefinition } from '../telemetry/metric-definition.ts';
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

export const GATEWAY_METRIC = {
  messages: {
    name: 'mail_gateway.messages',
    type: 'counter',
    unit: '{message}',
    description: 'Messages judged, by verdict',
    labels: ['verdict', 'protocol'],
  },
  unchecked: {
    name: 'mail_gateway.unchecked',
    type: 'counter',
    unit: '{message}',
    description: 'Messages let through without a verdict, by the reason',
    labels: ['reason', 'protocol'],
  },
  judging: {
    name: 'mail_gateway.judging.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time from a whole message to its verdict',
    labels: ['protocol'],
    boundaries: judgingSeconds,
  },
} as const satisfies Record<string, MetricDefinition>;

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
  const { messages, unchecked, judging } = GATEWAY_METRIC;
  return {
    messages: meter.createCounter(messages.name, instrumentOptions(messages)),
    unchecked: meter.createCounter(unchecked.name, instrumentOptions(unchecked)),
    judging: meter.createHistogram(judging.name, instrumentOptions(judging)),
  };
}
