import type { ConfusionCount } from '../classifier/statistics/confusion-matrix.ts';

/** The true label of one prediction, as it is kept. */
export interface Feedback {
  /** The prediction's id: there is at most one feedback for each. */
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly predicted: string;
  readonly actual: string;
  /** Milliseconds since the epoch. */
  readonly predictedAt: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** What was classified, where the sender wants it to be learnt from. */
  readonly text?: string | undefined;
}

/** `repeated` is the same feedback again; `conflict` is another label than the one that is kept. */
export type Outcome = 'recorded' | 'repeated' | 'conflict';

/** How often a model version predicted a label where another, or the same, was the true one. */
export interface FeedbackTotal extends ConfusionCount {
  readonly model: string;
  readonly version: string;
}
