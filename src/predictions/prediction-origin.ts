import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { AnsweringRole } from '../models/routing.ts';
import type { RecentRequest } from '../recent/memory/recent-request.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';

/** The caller of a prediction. */
export interface PredictionCaller {
  /** The name of the token. */
  readonly name: string;
  /** The content of an answer: the label, also its confidence, or also the scores of all labels. */
  readonly answers: 'label' | 'top' | 'scores';
}

/** A `classify` span that began before the work, because an endpoint continues its trace. */
export interface BegunSpan {
  readonly span: Span;
  /** The milliseconds since the epoch at which the monotonic clock was 0. Start and end have the same, so that they are in order. */
  readonly epoch: number;
}

/** The parent span of a prediction, the role of the model that answered, and the request in the memory. */
export interface PredictionOrigin {
  readonly parent: Context;
  /** Undefined if the service has no tokens. */
  readonly caller: PredictionCaller | undefined;
  readonly role: AnsweringRole;
  readonly request: RecentRequest | undefined;
  /** True for a request of a load test. It does not count as a use of the model. */
  readonly synthetic: boolean;
  /** The `classify` span, if it began before the work. */
  readonly begun?: BegunSpan | undefined;
}

/** Adds the name of the caller's token, and the mark of a load test, to the attributes of a span or a log record. */
export function addOrigin(attributes: Attributes, { caller, synthetic }: PredictionOrigin): void {
  if (caller !== undefined) attributes[ATTRIBUTE.caller] = caller.name;
  if (synthetic) attributes[ATTRIBUTE.syntheticType] = 'test';
}
