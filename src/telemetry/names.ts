import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { CONFIDENCES, type MetricDefinition, PREDICTION_SECONDS, REQUEST_SECONDS } from './metric-definition.ts';

/**
 * Every name that Waymark itself puts into telemetry: spans, attributes, labels, and the metrics of requests and
 * predictions; those of models are in `model-metrics.ts`. Names follow OpenTelemetry's conventions; the Prometheus
 * exposition adds unit and `_total` (`prometheus-names.ts`). What they mean, and what libraries add, is in `registry/`,
 * which a test holds against what a running service emits.
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
  evaluateModel: 'model.evaluate',
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
  /** What the policy came to, or `none`. */
  maintenanceAction: 'classifier.maintenance.action',
  maintenanceApplied: 'classifier.maintenance.applied',
  maintenanceReason: 'classifier.maintenance.reason',
  /** JSON of numbers by name. */
  maintenanceNumbers: 'classifier.maintenance.numbers',
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
  action: 'action',
  applied: 'applied',
  agrees: 'agrees',
  /** Only with several processes: the place that one fills, from 1 on, or `supervisor`. */
  worker: 'worker',
} as const;

/** Recorded by requests and predictions. */
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
    boundaries: PREDICTION_SECONDS,
  },
  predictionConfidence: {
    name: 'classifier.prediction.confidence',
    type: 'histogram',
    unit: '1',
    description: 'Probability of the predicted label',
    labels: [LABEL.model, LABEL.version],
    boundaries: CONFIDENCES,
  },
  errors: {
    name: 'classifier.errors',
    type: 'counter',
    unit: '{error}',
    description: 'Requests answered with a problem, by its type',
    labels: [LABEL.errorType],
  },
  anomalies: {
    name: 'classifier.anomalies',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions whose text was out of the ordinary for the model, by reason',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
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
    boundaries: REQUEST_SECONDS,
  },
  activeRequests: {
    name: 'http.server.active_requests',
    type: 'up-down counter',
    unit: '{request}',
    description: 'Number of active HTTP server requests.',
    labels: [ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME],
  },
  droppedLogLines: {
    name: 'log.lines.dropped',
    type: 'counter',
    unit: '{line}',
    description: 'Log lines that were dropped, because standard output did not take them',
    labels: [],
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
