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
 * The names of Waymark's own telemetry: spans, attributes, labels, and the metrics of requests and predictions. The metrics
 * of models are in `model-metrics.ts`. Names follow OpenTelemetry's conventions, and the Prometheus exposition adds the
 * unit and `_total` (`metrics/prometheus-names.ts`). `registry/` describes all telemetry, also that of libraries. A test
 * compares it with the telemetry of a running service.
 */

/** The instrumentation scope of Waymark's own telemetry. */
export const SCOPE = 'waymark';

export const SPAN = {
  classify: 'classify',
  tokenize: 'tokenize',
  score: 'score',
  /** Only with an encoder. */
  encode: 'encode',
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
  /** These describe a change of roles. */
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
  predictionReview: 'classifier.prediction.review',
  predictionAbstained: 'classifier.prediction.abstained',
  /** The two steps of a slow prediction. */
  tokenizeDuration: 'classifier.tokenize.duration',
  scoreDuration: 'classifier.score.duration',
  /** The work of an encoder. */
  encodeBatchSize: 'classifier.encode.batch_size',
  encodeWait: 'classifier.encode.wait',
  inputCharacters: 'classifier.input.characters',
  inputTokens: 'classifier.input.tokens',
  inputUnknownRatio: 'classifier.input.unknown_ratio',
  /** Only with `CAPTURE_TEXT`. */
  inputText: 'classifier.input.text',
  feedbackSource: 'classifier.feedback.source',
  feedbackLabel: 'classifier.feedback.label',
  feedbackCorrect: 'classifier.feedback.correct',
  /** `recorded`, `repeated` or `conflict`. */
  feedbackOutcome: 'classifier.feedback.outcome',
  /** The reasons why the text is an anomaly, separated by commas. */
  anomalyReason: 'classifier.anomaly.reason',
  /** The decision of the policy, or `none`. */
  maintenanceAction: 'classifier.maintenance.action',
  maintenanceApplied: 'classifier.maintenance.applied',
  maintenanceReason: 'classifier.maintenance.reason',
  /** A JSON object of numbers. */
  maintenanceNumbers: 'classifier.maintenance.numbers',
  /** The shadow version that scored the same text, and its result. */
  shadowVersion: 'classifier.shadow.version',
  shadowLabel: 'classifier.shadow.label',
  shadowConfidence: 'classifier.shadow.confidence',
  shadowAgrees: 'classifier.shadow.agrees',
  /** The name of the caller's token. */
  caller: 'enduser.id',
  /** `test` for a request of a load test. */
  syntheticType: 'user_agent.synthetic.type',
  missingScope: 'classifier.access.missing_scope',
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
  url: 'url',
  startupSeconds: 'startup.seconds',
  shutdownSeconds: 'shutdown.seconds',
  signal: 'signal',
  reason: 'reason',
  /** The index of a worker process, starting at 1. */
  worker: 'worker',
  pid: 'process.pid',
  exitCode: 'process.exit.code',
} as const;

/** Labels of Waymark's metrics. Each has a bounded set of values, and no value comes from a client. */
export const LABEL = {
  model: 'model',
  version: 'version',
  label: 'label',
  algorithm: 'algorithm',
  role: 'role',
  errorType: 'error_type',
  /** The origin of a label: `truth`, `review` or `report`. */
  source: 'source',
  actual: 'actual',
  predicted: 'predicted',
  reason: 'reason',
  feature: 'feature',
  bin: 'bin',
  correct: 'correct',
  outcome: 'outcome',
  action: 'action',
  applied: 'applied',
  agrees: 'agrees',
  /** The code of ISO 4217, from a manifest. */
  currency: 'currency',
  part: 'part',
  /** Only with several processes: the index of a worker, starting at 1, or `supervisor`. */
  worker: 'worker',
} as const;

/** The metrics of requests, predictions and log lines. */
export const METRIC = {
  predictions: {
    name: 'classifier.predictions',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions, by predicted label',
    labels: [LABEL.model, LABEL.version, LABEL.label],
  },
  syntheticPredictions: {
    name: 'classifier.synthetic.predictions',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions for load tests, which no other counter of predictions, anomalies or drift has',
    labels: [LABEL.model, LABEL.version],
  },
  predictionDuration: {
    name: 'classifier.prediction.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time in which one text is tokenised and scored',
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
    description: 'Responses with a problem, by its type',
    labels: [LABEL.errorType],
  },
  anomalies: {
    name: 'classifier.anomalies',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions for texts that are anomalies for the model, by reason',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
  },
  abstentions: {
    name: 'classifier.abstentions',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions with a confidence below the minimum of the request or of the policy',
    labels: [LABEL.model, LABEL.version],
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
  degraded: {
    name: 'classifier.degraded',
    type: 'gauge',
    unit: '{part}',
    description: '1 if a part that predictions do not need does not work, otherwise 0',
    labels: [LABEL.part],
  },
  droppedLogLines: {
    name: 'log.lines.dropped',
    type: 'counter',
    unit: '{line}',
    description: 'Log lines that were dropped, because standard output did not take them',
    labels: [],
  },
} as const satisfies Record<string, MetricDefinition>;

/** The metrics of the supervisor. They exist only with several workers (`WORKERS`). */
export const WORKER_METRIC = {
  replacements: {
    name: 'worker.replacements',
    type: 'counter',
    unit: '{process}',
    description: 'Workers that were started to replace a worker that had ended',
    labels: [LABEL.worker],
  },
} as const satisfies Record<string, MetricDefinition>;
