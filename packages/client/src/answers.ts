/** What the service answers, as its OpenAPI document has it. */

export interface ModelReference {
  readonly name: string;
  readonly version: string;
}

export interface Prediction {
  /** Names the prediction when feedback on it is given. */
  readonly id: string;
  /** The most probable label. */
  readonly prediction: string;
  /** Its probability. */
  readonly confidence: number;
  /** A probability for each label. */
  readonly scores: Readonly<Record<string, number>>;
  readonly model: ModelReference;
}

export interface Contribution {
  readonly feature: string;
  /** In log-odds, for the predicted label against the runner-up. */
  readonly weight: number;
}

export interface PredictAnswer extends Prediction {
  /** With `explain`; strongest first. */
  readonly explanation?: readonly Contribution[];
  readonly traceId: string;
}

export interface BatchAnswer {
  readonly predictions: readonly Prediction[];
  readonly traceId: string;
}

export interface FeedbackAnswer {
  readonly id: string;
  /** The label that was predicted. */
  readonly prediction: string;
  /** The label that was right. */
  readonly label: string;
  readonly correct: boolean;
  /** The trace of the prediction. */
  readonly predictionTraceId: string;
  /** The trace of this feedback. */
  readonly traceId: string;
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ModelVersion {
  readonly version: string;
  readonly algorithm: string;
  readonly labels: readonly string[];
  readonly sha256: string;
  readonly training: Readonly<Record<string, unknown>>;
  /** How well it did on texts that it had not learned from. */
  readonly evaluation: {
    readonly method: string;
    readonly count: number;
    readonly accuracy: number;
    readonly macro: Score;
    readonly micro: Score;
    readonly logLoss: number;
    readonly expectedCalibrationError: number;
  } | null;
}

export interface Model {
  readonly name: string;
  /** The version that answers for the bare name. */
  readonly active: string;
  readonly shadow: string | null;
  readonly canary: string | null;
  readonly versions: readonly ModelVersion[];
}

export interface Quality {
  readonly model: ModelReference;
  /** How many predictions have feedback. */
  readonly count: number;
  /** Null where none has. */
  readonly accuracy: number | null;
  readonly macro: Score;
  readonly micro: Score;
  readonly labels: Readonly<Record<string, Score & { readonly support: number }>>;
  readonly confusionMatrix: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
}
