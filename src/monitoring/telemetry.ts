import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';

/**
 * Every name that Waymark itself puts into telemetry: spans, attributes, metrics. Names follow OpenTelemetry's
 * conventions; the Prometheus exposition adds unit and `_total` (`prometheus-names.ts`). What they mean, and what
 * libraries add, is in `registry.ts`, which a test holds against what a running service emits.
 */

/** The instrumentation scope of all of it. */
export const SCOPE = 'waymark';

export const SPAN = {
  classify: 'classify',
  tokenize: 'tokenize',
  score: 'score',
  loadModel: 'model.load',
  trainModel: 'model.train',
  activateModel: 'model.activate',
  shadowModel: 'model.shadow',
  canaryModel: 'model.canary',
  feedback: 'feedback',
} as const;

/** Attributes of spans and log records. */
export const ATTRIBUTE = {
  modelName: 'classifier.model.name',
  modelVersion: 'classifier.model.version',
  modelBytes: 'classifier.model.bytes',
  /** `active`, `canary` or `named`. */
  modelRole: 'classifier.model.role',
  /** Of a change of roles. */
  changeWhat: 'classifier.change.what',
  changeWho: 'classifier.change.who',
  changeWhy: 'classifier.change.why',
  changeFrom: 'classifier.change.from',
  changeTo: 'classifier.change.to',
  changeRevision: 'classifier.change.revision',
  changeFollowed: 'classifier.change.followed',
  canaryShare: 'classifier.canary.share',
  trainingJob: 'classifier.training.job',
  /** `succeeded`, `failed` or `cancelled`. */
  trainingOutcome: 'classifier.training.outcome',
  trainingDuration: 'classifier.training.duration',
  trainingDocuments: 'classifier.training.documents',
  trainingFeedback: 'classifier.training.feedback',
  predictionId: 'classifier.prediction.id',
  predictionLabel: 'classifier.prediction.label',
  predictionConfidence: 'classifier.prediction.confidence',
  predictionDuration: 'classifier.prediction.duration',
  /** Its two steps, where it was slow. */
  tokenizeDuration: 'classifier.tokenize.duration',
  scoreDuration: 'classifier.score.duration',
  inputCharacters: 'classifier.input.characters',
  inputTokens: 'classifier.input.tokens',
  inputUnknownRatio: 'classifier.input.unknown_ratio',
  /** Only under `CAPTURE_TEXT`. */
  inputText: 'classifier.input.text',
  feedbackLabel: 'classifier.feedback.label',
  feedbackCorrect: 'classifier.feedback.correct',
  /** `recorded`, `repeated` or `conflict`. */
  feedbackOutcome: 'classifier.feedback.outcome',
  /** Why the text is out of the ordinary, reasons separated by commas. */
  anomalyReason: 'classifier.anomaly.reason',
  /** The version that scored the same text beside the one that answered, and what it said. */
  shadowVersion: 'classifier.shadow.version',
  shadowLabel: 'classifier.shadow.label',
  shadowConfidence: 'classifier.shadow.confidence',
  shadowAgrees: 'classifier.shadow.agrees',
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
  url: 'url',
  startupSeconds: 'startup.seconds',
  shutdownSeconds: 'shutdown.seconds',
  signal: 'signal',
  reason: 'reason',
  /** The place that a process fills among several, from 1 on. */
  worker: 'worker',
  pid: 'process.pid',
  exitCode: 'process.exit.code',
} as const;

/** Labels of Waymark's metrics. Each has a bounded set of values: none is ever taken from a client. */
export const LABEL = {
  model: 'model',
  version: 'version',
  label: 'label',
  algorithm: 'algorithm',
  role: 'role',
  errorType: 'error_type',
  actual: 'actual',
  predicted: 'predicted',
  reason: 'reason',
  feature: 'feature',
  bin: 'bin',
  outcome: 'outcome',
  agrees: 'agrees',
  /** Only with several processes: the place that one fills, from 1 on, or `supervisor`. */
  worker: 'worker',
} as const;

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'up-down counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly string[];
  readonly boundaries?: readonly number[];
  /** Read from a store that all processes share: it is the same total whoever tells it, and never added up. */
  readonly shared?: true;
}

/** 10 µs to 1 s: a prediction takes some ten microseconds, a text of 100,000 characters some milliseconds. */
const predictionSeconds = [
  1e-5, 2e-5, 3e-5, 5e-5, 7.5e-5, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1,
];

const confidences = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99];

/** 0.5 ms to 10 s: the convention's boundaries start at 5 ms, above nearly every request to this service. */
const requestSeconds = [
  5e-4, 1e-3, 2.5e-3, 5e-3, 7.5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** 0.25 ms to 0.5 s: the instrumentation's boundaries start at 5 ms, above nearly every collection. */
export const GC_SECONDS = [2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5];

/** 1 s to 1 h. */
const trainingSeconds = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600];

export const METRIC = {
  predictions: {
    name: 'classifier.predictions',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions answered, by predicted label',
    labels: [LABEL.model, LABEL.version, LABEL.label],
  },
  predictionDuration: {
    name: 'classifier.prediction.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time to tokenise and score one text',
    labels: [LABEL.model, LABEL.version],
    boundaries: predictionSeconds,
  },
  predictionConfidence: {
    name: 'classifier.prediction.confidence',
    type: 'histogram',
    unit: '1',
    description: 'Probability of the predicted label',
    labels: [LABEL.model, LABEL.version],
    boundaries: confidences,
  },
  errors: {
    name: 'classifier.errors',
    type: 'counter',
    unit: '{error}',
    description: 'Requests answered with a problem, by its type',
    labels: [LABEL.errorType],
  },
  feedback: {
    name: 'classifier.feedback',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions whose true label is known, by that label and the predicted one: a confusion matrix',
    labels: [LABEL.model, LABEL.version, LABEL.actual, LABEL.predicted],
    shared: true,
  },
  anomalies: {
    name: 'classifier.anomalies',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions whose text was out of the ordinary for the model, by reason',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
  },
  featureObservations: {
    name: 'classifier.feature.observations',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions, by the bin that each watched feature fell into',
    labels: [LABEL.model, LABEL.version, LABEL.feature, LABEL.bin],
  },
  featureReference: {
    name: 'classifier.feature.reference',
    type: 'gauge',
    unit: '1',
    description: 'Share of the training texts in each bin of each watched feature',
    labels: [LABEL.model, LABEL.version, LABEL.feature, LABEL.bin],
  },
  driftPsi: {
    name: 'classifier.drift.psi',
    type: 'gauge',
    unit: '',
    description: "Population stability index of this instance's last hour against the training texts",
    labels: [LABEL.model, LABEL.version, LABEL.feature],
  },
  driftJs: {
    name: 'classifier.drift.js',
    type: 'gauge',
    unit: '',
    description: "Jensen-Shannon distance of this instance's last hour from the training texts",
    labels: [LABEL.model, LABEL.version, LABEL.feature],
  },
  trainingAccuracy: {
    name: 'classifier.training.accuracy',
    type: 'gauge',
    unit: '1',
    description: 'Accuracy that the version reached when it was trained',
    labels: [LABEL.model, LABEL.version],
  },
  trainingF1: {
    name: 'classifier.training.f1',
    type: 'gauge',
    unit: '1',
    description: 'Macro F1 that the version reached when it was trained',
    labels: [LABEL.model, LABEL.version],
  },
  shadowPredictions: {
    name: 'classifier.shadow.predictions',
    type: 'counter',
    unit: '{prediction}',
    description: 'Texts that a shadow scored too, by the label that was answered and whether the shadow says the same',
    labels: [LABEL.model, LABEL.version, LABEL.label, LABEL.agrees],
  },
  shadowDuration: {
    name: 'classifier.shadow.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time that a shadow took to tokenise and score one text',
    labels: [LABEL.model, LABEL.version],
    boundaries: predictionSeconds,
  },
  shadowConfidence: {
    name: 'classifier.shadow.confidence',
    type: 'histogram',
    unit: '1',
    description: "Probability of the shadow's label",
    labels: [LABEL.model, LABEL.version],
    boundaries: confidences,
  },
  shadowSkipped: {
    name: 'classifier.shadow.skipped',
    type: 'counter',
    unit: '{prediction}',
    description: 'Texts that a shadow did not score: `budget`, `queue` (too many waited), `failed`',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
  },
  shadowFeedback: {
    name: 'classifier.shadow.feedback',
    type: 'counter',
    unit: '{prediction}',
    description: 'Texts whose true label is known, by that label and the one of the shadow: its confusion matrix',
    labels: [LABEL.model, LABEL.version, LABEL.actual, LABEL.predicted],
    shared: true,
  },
  modelInfo: {
    name: 'classifier.model.info',
    type: 'gauge',
    unit: '',
    description: 'Always 1: which model versions are loaded, and in which role',
    labels: [LABEL.model, LABEL.version, LABEL.algorithm, LABEL.role],
  },
  retrainJobs: {
    name: 'classifier.retrain.jobs',
    type: 'counter',
    unit: '{job}',
    description: 'Retrainings that have ended, by outcome: succeeded, failed or cancelled',
    labels: [LABEL.model, LABEL.outcome],
  },
  retrainDuration: {
    name: 'classifier.retrain.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time that retrainings took, by outcome',
    labels: [LABEL.model, LABEL.outcome],
    boundaries: trainingSeconds,
  },
  requestDuration: {
    name: METRIC_HTTP_SERVER_REQUEST_DURATION,
    type: 'histogram',
    unit: 's',
    description: 'Duration of HTTP server requests.',
    labels: [
      ATTR_HTTP_REQUEST_METHOD,
      ATTR_HTTP_ROUTE,
      ATTR_HTTP_RESPONSE_STATUS_CODE,
      ATTR_ERROR_TYPE,
      ATTR_NETWORK_PROTOCOL_VERSION,
      ATTR_URL_SCHEME,
    ],
    boundaries: requestSeconds,
  },
  activeRequests: {
    name: 'http.server.active_requests',
    type: 'up-down counter',
    unit: '{request}',
    description: 'Number of active HTTP server requests.',
    labels: [ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Recorded only where there are workers (`WORKERS`), by who looks after them. */
export const WORKER_METRIC = {
  replacements: {
    name: 'worker.replacements',
    type: 'counter',
    unit: '{process}',
    description: 'Workers that were started in place of one that had ended',
    labels: [LABEL.worker],
  },
} as const satisfies Record<string, MetricDefinition>;
