import type { ConfusionCount } from '../../classifier/statistics/confusion-matrix.ts';

/** The true label of one prediction, as the store keeps it. */
export interface Feedback {
  /** The id of the prediction. Each id has at most one feedback. */
  readonly id: string;
  readonly model: string;
  readonly version: string;
  readonly predicted: string;
  readonly actual: string;
  /** Milliseconds since the epoch. */
  readonly predictedAt: number;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** The classified text, if the sender allows training on it. */
  readonly text?: string | undefined;
}

/**
 * The outcome of storing feedback: `repeated` is the same label again, `conflict` is another label than the stored one.
 */
export type FeedbackOutcome = 'recorded' | 'repeated' | 'conflict';

/** The number of feedbacks of a model version by actual and predicted label. */
export interface FeedbackTotal extends ConfusionCount {
  readonly model: string;
  readonly version: string;
}
