/** The answers of the service that the console reads, as its OpenAPI document describes them. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** The answer of `POST /predict?explain=`. */
export interface PredictAnswer {
  readonly id: string;
  readonly prediction: string;
  readonly confidence: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly anomalies: readonly string[];
  readonly model: { readonly name: string; readonly version: string };
  readonly review?: true;
  readonly abstained?: true;
  readonly explanation?: readonly Contribution[];
  readonly traceId: string;
}

/** The influence of a feature: log-odds of the predicted label against the second most probable one. */
export interface Contribution {
  readonly feature: string;
  readonly weight: number;
}

/** The answer of `POST /feedback`. */
export interface FeedbackAnswer {
  readonly prediction: string;
  readonly label: string;
  readonly correct: boolean;
}

export interface ConfusionMatrix {
  readonly labels: readonly string[];
  /** Counts by true label, then by predicted label. */
  readonly counts: readonly (readonly number[])[];
}

/** The answer of `GET /quality`. */
export interface Quality {
  readonly model: { readonly name: string; readonly version: string };
  readonly sources: Readonly<Record<'truth' | 'review' | 'report', number>>;
  readonly coverage: {
    readonly predictions: number;
    readonly labelled: number;
    readonly ratio: number | null;
    readonly asked: number;
    readonly reviewed: number;
    readonly fairness: { readonly verdict: string };
  };
  readonly count: number;
  readonly accuracy: number | null;
  readonly accuracyInterval: Interval;
  readonly macro: Score;
  readonly labels: Readonly<
    Record<string, Score & { support: number; precisionInterval: Interval; recallInterval: Interval }>
  >;
  readonly confusionMatrix: ConfusionMatrix;
  readonly calibration: readonly { from: number; to: number; count: number; accuracy: number; interval: Interval }[];
  readonly accuracyByCoverage: readonly {
    minConfidence: number;
    coverage: number;
    count: number;
    accuracy: number;
    interval: Interval;
  }[];
  readonly estimate: { readonly accuracy: number | null; readonly predictions: number };
}

export interface DriftFeature {
  readonly psi: number;
  readonly js: number;
  readonly psiInterval: Interval | null;
  readonly samples: number;
  readonly samplesNeeded: number;
  readonly verdict: string;
  readonly bins: readonly { name: string; reference: number; count: number }[];
}

/** The answer of `GET /drift`. */
export interface Drift {
  readonly predictions: number;
  readonly windowSeconds: number;
  readonly verdict: string;
  readonly features: Readonly<Record<string, DriftFeature>>;
}

/** A version in the answers of `GET /models`. */
export interface ModelVersion {
  readonly version: string;
  readonly algorithm: string;
  readonly labels: readonly string[];
  readonly sha256: string;
  readonly training: Readonly<Record<string, unknown>>;
  readonly evaluation: {
    readonly method: string;
    readonly count: number;
    readonly accuracy: number;
    readonly macro: Score;
    readonly expectedCalibrationError: number;
  } | null;
}

/** A model in the answer of `GET /models`. */
export interface Model {
  readonly name: string;
  readonly active: string;
  readonly shadow: string | null;
  readonly canary: string | null;
  readonly canaryShare: number | null;
  readonly versions: readonly ModelVersion[];
}

/** The figures that shadows and canaries share. */
interface Experiment {
  readonly version: string;
  readonly since: string;
  readonly predictions: number;
  readonly errors: number;
  readonly latencyRatio: { readonly p50: number | null; readonly p99: number | null };
  readonly meanConfidence: number | null;
  readonly activeMeanConfidence: number | null;
  readonly drift: string;
  /** Evidence as e-values: 20 is strong. */
  readonly test: {
    readonly better: number;
    readonly worse: number;
    readonly provenBetter: number;
    readonly provenWorse: number;
    readonly coverage: { readonly due: number; readonly labelled: number };
  };
}

export interface ShadowExperiment extends Experiment {
  readonly agreement: number | null;
  readonly feedback: {
    readonly count: number;
    readonly accuracy: number | null;
    readonly activeAccuracy: number | null;
  };
}

interface Tally {
  readonly count: number;
  readonly accuracy: number | null;
}

export interface CanaryExperiment extends Experiment {
  readonly share: number;
  readonly feedback: Tally;
  readonly activeFeedback: Tally;
}

export interface Decision {
  readonly action: string;
  readonly version: string | null;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
}

export interface RetrainJob {
  readonly id: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly startedAt: string;
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number };
  readonly version: string | null;
  readonly failure: { readonly reason: string; readonly detail: string } | null;
}

/** The answer of `GET /models/{name}`. */
export interface ModelReport extends Model {
  readonly comparison: { readonly shadow: ShadowExperiment | null; readonly canary: CanaryExperiment | null } | null;
  readonly retrain: RetrainJob | null;
  readonly maintenance: {
    readonly mode: string;
    readonly problem: string | null;
    readonly recommendation: (Decision & { since: string; heldUntil: string | null; failure: string | null }) | null;
    readonly waitingFor: string | null;
    readonly lastAction: (Decision & { at: string }) | null;
    readonly evaluatedAt: string | null;
  } | null;
}

/** A change of roles in the answer of `GET /models/{name}/changes`. */
export interface RoleChange {
  readonly revision: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly reason: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly share?: number;
}
