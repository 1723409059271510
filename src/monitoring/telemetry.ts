/**
 * Every name that Waymark itself puts into telemetry: spans, attributes, metrics. Names follow OpenTelemetry's
 * conventions; the Prometheus exposition adds unit and `_total` (`otel/prometheus-exporter.ts`).
 */

/** The instrumentation scope of all of it. */
export const SCOPE = 'waymark';

export const SPAN = {
  classify: 'classify',
  tokenize: 'tokenize',
  score: 'score',
  loadModel: 'model.load',
  feedback: 'feedback',
} as const;

/** Attributes of spans and log records. */
export const ATTRIBUTE = {
  modelName: 'classifier.model.name',
  modelVersion: 'classifier.model.version',
  modelBytes: 'classifier.model.bytes',
  predictionId: 'classifier.prediction.id',
  predictionLabel: 'classifier.prediction.label',
  predictionConfidence: 'classifier.prediction.confidence',
  predictionDuration: 'classifier.prediction.duration',
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
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  exceptionStacktrace: 'exception.stacktrace',
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
} as const;

export interface MetricDefinition {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly boundaries?: readonly number[];
}

/** 10 µs to 1 s: a prediction takes some ten microseconds, a text of 100,000 characters some milliseconds. */
const predictionSeconds = [
  1e-5, 2e-5, 3e-5, 5e-5, 7.5e-5, 1e-4, 1.5e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1,
];

/** 0.5 ms to 10 s: the convention's boundaries start at 5 ms, above nearly every request to this service. */
export const REQUEST_SECONDS = [
  5e-4, 1e-3, 2.5e-3, 5e-3, 7.5e-3, 1e-2, 2.5e-2, 5e-2, 7.5e-2, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

export const METRIC = {
  predictions: {
    name: 'classifier.predictions',
    unit: '{prediction}',
    description: 'Predictions answered, by predicted label',
  },
  predictionDuration: {
    name: 'classifier.prediction.duration',
    unit: 's',
    description: 'Time to tokenise and score one text',
    boundaries: predictionSeconds,
  },
  predictionConfidence: {
    name: 'classifier.prediction.confidence',
    unit: '1',
    description: 'Probability of the predicted label',
    boundaries: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99],
  },
  errors: {
    name: 'classifier.errors',
    unit: '{error}',
    description: 'Requests answered with a problem, by its type',
  },
  feedback: {
    name: 'classifier.feedback',
    unit: '{prediction}',
    description: 'Predictions whose true label is known, by that label and the predicted one: a confusion matrix',
  },
  anomalies: {
    name: 'classifier.anomalies',
    unit: '{prediction}',
    description: 'Predictions whose text was out of the ordinary for the model, by reason',
  },
  featureObservations: {
    name: 'classifier.feature.observations',
    unit: '{prediction}',
    description: 'Predictions, by the bin that each watched feature fell into',
  },
  featureReference: {
    name: 'classifier.feature.reference',
    unit: '1',
    description: 'Share of the training texts in each bin of each watched feature',
  },
  driftPsi: {
    name: 'classifier.drift.psi',
    unit: '',
    description: "Population stability index of this process's last hour against the training texts",
  },
  driftJs: {
    name: 'classifier.drift.js',
    unit: '',
    description: "Jensen-Shannon distance of this process's last hour from the training texts",
  },
  trainingAccuracy: {
    name: 'classifier.training.accuracy',
    unit: '1',
    description: 'Accuracy that the version reached when it was trained',
  },
  trainingF1: {
    name: 'classifier.training.f1',
    unit: '1',
    description: 'Macro F1 that the version reached when it was trained',
  },
  modelInfo: {
    name: 'classifier.model.info',
    unit: '',
    description: 'Always 1: which model versions are loaded, and in which role',
  },
  activeRequests: {
    name: 'http.server.active_requests',
    unit: '{request}',
    description: 'Number of active HTTP server requests.',
  },
} as const satisfies Record<string, MetricDefinition>;
