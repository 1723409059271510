import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';

/** Records the results of versions for later comparison. The methods run within requests, so they never wait. */
export interface ExperimentRecorder {
  /**
   * Records an answer of a version.
   *
   * @param predictedAt in milliseconds since the epoch
   * @param asked whether the prediction was picked for review
   */
  recordAnswer(
    model: Model,
    role: AnsweringRole,
    seconds: number,
    confidence: number,
    predictedAt: number,
    asked: boolean,
  ): void;
  /** Records a prediction that was picked for review. */
  recordReview(model: Model, id: string, predictedAt: number, label: string, confidence: number): void;
  /** Records that a version could not score a text. */
  recordFailure(model: Model, role: AnsweringRole | 'shadow', now: number): void;
  /** Records the result of a shadow for a text that the active version answered. */
  recordShadowResult(result: ShadowResult): void;
}

/** The labels of the active version and its shadow for the same text. */
export interface ShadowResult {
  /** The id of the active version's prediction. */
  readonly id: string;
  /** The time in the id, in milliseconds since the epoch. */
  readonly predictedAt: number;
  readonly active: Model;
  readonly activeLabel: string;
  readonly shadow: Model;
  readonly shadowLabel: string;
  /** The confidence of the shadow. */
  readonly confidence: number;
  /** The duration of the shadow's classification. */
  readonly seconds: number;
  /** True if the prediction was picked for review. */
  readonly asked: boolean;
}
