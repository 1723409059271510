import { type Counter, type Histogram, metrics } from '@opentelemetry/api';
import type { MailLimit } from '../mail/bounded-mime.ts';
import { instrumentOptions, type MetricDefinition } from '../telemetry/metric-definition.ts';
import type { UncheckedReason } from './verdict.ts';

/** The instrumentation scope of the gateway's own spans and metrics. */
export const GATEWAY_SCOPE = 'waymark.gateway';

/** The default of `OTEL_SERVICE_NAME` for the gateway. */
export const GATEWAY_SERVICE = 'mail-gateway';

/** The name of the SERVER span of one message by SMTP. */
export const RECEIVE_SPAN = 'SMTP message';

/** The attributes of spans and log records. */
export const GATEWAY_ATTRIBUTE = {
  protocol: 'network.protocol.name',
  messageBytes: 'mail_gateway.message.bytes',
  verdict: 'mail_gateway.verdict',
  uncheckedReason: 'mail_gateway.unchecked.reason',
  predictionId: 'classifier.prediction.id',
  hiddenText: 'mail_gateway.hidden_text.ratio',
  partlyRead: 'mail_gateway.partly_read.reason',
  refusedStage: 'mail_gateway.refused.stage',
  refusedKind: 'mail_gateway.refused.kind',
  refusedRecipients: 'mail_gateway.refused.recipients',
  replyCode: 'mail_gateway.reply.code',
} as const;

/** Boundaries in seconds, from a fast response to beyond a long deadline. */
const DURATION_BOUNDARIES = [1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The metrics of the gateway. */
export const GATEWAY_METRIC = {
  messages: {
    name: 'mail_gateway.messages',
    type: 'counter',
    unit: '{message}',
    description: 'Classified messages, by verdict',
    labels: ['verdict', 'protocol'],
  },
  unchecked: {
    name: 'mail_gateway.unchecked',
    type: 'counter',
    unit: '{message}',
    description: 'Messages that passed without a verdict, by reason',
    labels: ['reason', 'protocol'],
  },
  partlyRead: {
    name: 'mail_gateway.partly_read',
    type: 'counter',
    unit: '{message}',
    description: 'Messages of which only a part was read, by the limit that they exceeded',
    labels: ['reason', 'protocol'],
  },
  refused: {
    name: 'mail_gateway.refused_recipients',
    type: 'counter',
    unit: '{recipient}',
    description: 'Recipients who did not get a message, because the destination refused it',
    labels: ['stage', 'kind'],
  },
  duration: {
    name: 'mail_gateway.judging.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time from the received message to its verdict',
    labels: ['protocol'],
    boundaries: DURATION_BOUNDARIES,
  },
} as const satisfies Record<string, MetricDefinition>;

/** The protocol by which a message arrived. */
export type Protocol = 'http' | 'smtp';
/** The verdict as a label of metrics. */
export type VerdictName = 'spam' | 'not_spam' | 'unchecked';

/** The part of a message that the destination refused. */
export type RefusalStage = 'sender' | 'recipient' | 'message';
/** A permanent refusal cannot succeed later. */
export type RefusalKind = 'permanent' | 'temporary';

/** The instruments of the gateway. `GATEWAY_METRIC` describes them. */
export interface GatewayInstruments {
  readonly messages: Counter<{ verdict: VerdictName; protocol: Protocol }>;
  readonly unchecked: Counter<{ reason: UncheckedReason; protocol: Protocol }>;
  readonly partlyRead: Counter<{ reason: MailLimit; protocol: Protocol }>;
  readonly refused: Counter<{ stage: RefusalStage; kind: RefusalKind }>;
  readonly duration: Histogram<{ protocol: Protocol }>;
}

/** Creates the instruments of the gateway from the global meter provider. Call it once, after the SDK has started. */
export function createGatewayInstruments(): GatewayInstruments {
  const instruments = createInstruments();
  // A counter that begins at 0 shows its first increase.
  for (const stage of ['sender', 'recipient', 'message'] as const) {
    for (const kind of ['permanent', 'temporary'] as const) instruments.refused.add(0, { stage, kind });
  }
  for (const protocol of ['http', 'smtp'] as const) instruments.partlyRead.add(0, { reason: 'time', protocol });
  return instruments;
}

function createInstruments(): GatewayInstruments {
  const meter = metrics.getMeter(GATEWAY_SCOPE);
  const { messages, unchecked, partlyRead, refused, duration } = GATEWAY_METRIC;
  return {
    messages: meter.createCounter(messages.name, instrumentOptions(messages)),
    unchecked: meter.createCounter(unchecked.name, instrumentOptions(unchecked)),
    partlyRead: meter.createCounter(partlyRead.name, instrumentOptions(partlyRead)),
    refused: meter.createCounter(refused.name, instrumentOptions(refused)),
    duration: meter.createHistogram(duration.name, instrumentOptions(duration)),
  };
}
