/** The answers of the service, as its OpenAPI document describes them. */

/** A model version by its name and version. */
export interface ModelReference {
  readonly name: string;
  readonly version: string;
}

/** The label of one text. */
export interface Prediction {
  /** Identifies the prediction when feedback on it is given. */
  readonly id: string;
  /** The most probable label. */
  readonly prediction: string;
  /** The probability of that label. Missing if the token may get the label only. */
  readonly confidence: number;
  /** The probability of each label. Missing if the answers of the token are limited. */
  readonly scores: Readonly<Record<string, number>>;
  /** The reasons why the text is unusual for the model; usually none. Missing if the token may get the label only. */
  readonly anomalies: readonly ('low_confidence' | 'unknown_words' | 'length' | 'obfuscated')[];
  readonly model: ModelReference;
  /** True if a reviewed label of this prediction is wanted: see the service's `REVIEW_SHARE`. */
  readonly review?: true;
  /** True if the confidence is below the minimum of the call or of the model's policy: a person should decide. */
  readonly abstained?: true;
}

/** The influence of one feature on a prediction. */
export interface Contribution {
  readonly feature: string;
  /** Log-odds of the predicted label against the second most probable one. */
  readonly weight: number;
}

/** The answer of `predict`. */
export interface PredictAnswer extends Prediction {
  /** Present with `explain`; strongest feature first. */
  readonly explanation?: readonly Contribution[];
  readonly traceId: string;
}

/** The answer of `predictBatch`: one prediction for each text, in their order. */
export interface BatchAnswer {
  readonly predictions: readonly Prediction[];
  readonly traceId: string;
}

/**
 * The origin of a label. `truth` would have come for any answer. `review` is about a prediction with `review` in its answer.
 * `report` came because somebody objected or agreed of their own accord.
 */
export type LabelSource = 'truth' | 'review' | 'report';

/** The answer of `feedback`. */
export interface FeedbackAnswer {
  readonly id: string;
  /** The predicted label. */
  readonly prediction: string;
  /** The true label. */
  readonly label: string;
  readonly correct: boolean;
  /** The id of the prediction's trace. */
  readonly predictionTraceId: string;
  /** The id of the trace of this feedback request. */
  readonly traceId: string;
}

/** Precision, recall and F1, each from 0 to 1. */
export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** One version of a model. */
export interface ModelVersion {
  readonly version: string;
  readonly algorithm: string;
  readonly labels: readonly string[];
  readonly sha256: string;
  /** The key or the certificate that signed the version; `null` if the service needs no signatures. */
  readonly signedBy: string | null;
  readonly training: Readonly<Record<string, unknown>>;
  /** Scores on texts that the evaluated model had not seen. `method` says which texts. */
  readonly evaluation: {
    readonly method: string;
    readonly count: number;
    readonly accuracy: number;
    readonly macro: Score;
    readonly micro: Score;
    readonly logLoss: number;
    readonly expectedCalibrationError: number;
  } | null;
  /** True if the version is in the memory of the answering process. Absent in answers of earlier services. */
  readonly loaded?: boolean;
}

/** A model with its versions. */
export interface Model {
  readonly name: string;
  /** The version that answers requests for the name without a version. */
  readonly active: string;
  readonly shadow: string | null;
  readonly canary: string | null;
  readonly versions: readonly ModelVersion[];
}

/** Scores of a model version, computed from labels of the sources `truth` and `review`. */
export interface Quality {
  readonly model: ModelReference;
  /** The number of labels by source. */
  readonly sources: Readonly<Record<LabelSource, number>>;
  /** The predictions, those with a label, and the same of the predictions that were picked for review. */
  readonly coverage: {
    readonly predictions: number;
    readonly labelled: number;
    readonly ratio: number | null;
    readonly asked: number;
    readonly reviewed: number;
  };
  /** The number of labels from `truth` and `review`. */
  readonly count: number;
  /** `null` if no prediction has feedback. */
  readonly accuracy: number | null;
  readonly macro: Score;
  readonly micro: Score;
  readonly labels: Readonly<Record<string, Score & { readonly support: number }>>;
  /** Counts by true label, then by predicted label. */
  readonly confusionMatrix: { readonly labels: readonly string[]; readonly counts: readonly (readonly number[])[] };
  /** The accuracy of the answers that remain with a minimum for the confidence; all labels first. Absent in answers of earlier services. */
  readonly accuracyByCoverage?: readonly CoveragePoint[];
}

/** The labelled predictions whose confidence is at least `minConfidence`. */
export interface CoveragePoint {
  readonly minConfidence: number;
  /** Their share of all labelled predictions. */
  readonly coverage: number;
  readonly count: number;
  readonly accuracy: number;
  /** The 95 % interval of the accuracy. */
  readonly interval: { readonly low: number; readonly high: number };
}
