import type { Context } from '@opentelemetry/api';
import type { AnsweringRole } from '../models/routing.ts';
import type { RecentRequest } from '../recent/memory/recent-request.ts';

/** The caller of a prediction. */
export interface PredictionCaller {
  /** The name of the token. */
  readonly name: string;
  /** The content of an answer: the label, also its confidence, or also the scores of all labels. */
  readonly answers: 'label' | 'top' | 'scores';
}

/** The parent span of a prediction, the role of the model that answered, and the request in the memory. */
export interface PredictionOrigin {
  readonly parent: Context;
  /** Undefined if the service has no tokens. */
  readonly caller: PredictionCaller | undefined;
  readonly role: AnsweringRole;
  readonly request: RecentRequest | undefined;
}
