import { libraryMetrics } from './library-telemetry.ts';
import { ATTRIBUTE, METRIC, type MetricDefinition, SCOPE, SPAN, WORKER_METRIC } from './telemetry.ts';

export interface AttributeDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'string[]';
  readonly unit?: string;
  readonly description: string;
}

export interface SpanDefinition {
  readonly name: string;
  readonly kind: 'SERVER' | 'INTERNAL';
  readonly description: string;
  readonly attributes: readonly string[];
}

/** How the registry calls the spans of requests, whose names are made of a method and a route. */
export const SERVER_SPAN = '{method} {route}';

const model = [ATTRIBUTE.modelName, ATTRIBUTE.modelVersion];
const change = [
  ATTRIBUTE.modelName,
  ATTRIBUTE.changeWhat,
  ATTRIBUTE.changeWho,
  ATTRIBUTE.changeWhy,
  ATTRIBUTE.changeFrom,
  ATTRIBUTE.changeTo,
  ATTRIBUTE.changeRevision,
  ATTRIBUTE.changeFollowed,
];

const retraining = [ATTRIBUTE.modelName, ATTRIBUTE.trainingJob];
const retrained = [
  ATTRIBUTE.trainingOutcome,
  ATTRIBUTE.modelBytes,
  ATTRIBUTE.trainingDocuments,
  ATTRIBUTE.trainingFeedback,
];

/** Every span that a running service makes. Each lasts as long as what it is named after; times are in nanoseconds. */
export const spans: readonly SpanDefinition[] = [
  {
    name: SERVER_SPAN,
    kind: 'SERVER',
    description:
      'A request, from its head to the end of its response; its name is the method alone where no route took it',
    attributes: [
      'http.request.method',
      'http.route',
      'http.response.status_code',
      'error.type',
      'url.path',
      'url.scheme',
      'network.peer.address',
      'network.peer.port',
      'network.protocol.version',
    ],
  },
  {
    name: SPAN.classify,
    kind: 'INTERNAL',
    description: 'One prediction: tokenise and score one text',
    attributes: [
      ...model,
      ATTRIBUTE.modelRole,
      ATTRIBUTE.predictionId,
      ATTRIBUTE.predictionLabel,
      ATTRIBUTE.predictionConfidence,
      ATTRIBUTE.inputCharacters,
      ATTRIBUTE.inputTokens,
      ATTRIBUTE.inputUnknownRatio,
      ATTRIBUTE.inputText,
      ATTRIBUTE.anomalyReason,
      ATTRIBUTE.shadowVersion,
      ATTRIBUTE.shadowLabel,
      ATTRIBUTE.shadowConfidence,
      ATTRIBUTE.shadowAgrees,
    ],
  },
  {
    name: SPAN.tokenize,
    kind: 'INTERNAL',
    description: 'The first step of a prediction: text to tokens (not in a batch)',
    attributes: [],
  },
  {
    name: SPAN.score,
    kind: 'INTERNAL',
    description: 'The second step of a prediction: tokens to probabilities (not in a batch)',
    attributes: [],
  },
  {
    name: SPAN.feedback,
    kind: 'INTERNAL',
    description: 'The true label of one prediction, with a link to the `classify` span that it judges',
    attributes: [
      ...model,
      ATTRIBUTE.predictionId,
      ATTRIBUTE.predictionLabel,
      ATTRIBUTE.feedbackLabel,
      ATTRIBUTE.feedbackCorrect,
      ATTRIBUTE.feedbackOutcome,
    ],
  },
  {
    name: SPAN.loadModel,
    kind: 'INTERNAL',
    description: 'Reading and checking one model version',
    attributes: [...model, ATTRIBUTE.modelBytes],
  },
  {
    name: SPAN.trainModel,
    kind: 'INTERNAL',
    description: 'One retraining, a trace of its own with a link to the request that asked for it',
    attributes: [...model, ATTRIBUTE.trainingJob, ...retrained],
  },
  {
    name: SPAN.activateModel,
    kind: 'INTERNAL',
    description: 'Another version became active: by a change here, or by one that this process follows',
    attributes: change,
  },
  {
    name: SPAN.shadowModel,
    kind: 'INTERNAL',
    description: 'Another version, or none, became the shadow',
    attributes: change,
  },
  {
    name: SPAN.canaryModel,
    kind: 'INTERNAL',
    description: 'Another version, or none, became the canary, or its share changed',
    attributes: [...change, ATTRIBUTE.canaryShare],
  },
];

/** Every log record by its body, with the attributes that it has beside trace and span id. */
export const logs: Readonly<Record<string, readonly string[]>> = {
  prediction: [
    ...model,
    ATTRIBUTE.predictionId,
    ATTRIBUTE.predictionLabel,
    ATTRIBUTE.predictionConfidence,
    ATTRIBUTE.predictionDuration,
    ATTRIBUTE.anomalyReason,
  ],
  feedback: [
    ...model,
    ATTRIBUTE.predictionId,
    ATTRIBUTE.predictionLabel,
    ATTRIBUTE.feedbackLabel,
    ATTRIBUTE.feedbackCorrect,
    ATTRIBUTE.feedbackOutcome,
  ],
  'retraining started': retraining,
  'retraining ended': [...retraining, ATTRIBUTE.modelVersion, ...retrained, ATTRIBUTE.trainingDuration],
  'model loaded': [...model, ATTRIBUTE.modelBytes],
  'model changed': [...change, ATTRIBUTE.canaryShare],
  ready: [ATTRIBUTE.url, ATTRIBUTE.startupSeconds],
  stopping: [ATTRIBUTE.signal],
  stopped: [ATTRIBUTE.shutdownSeconds],
};

/** The log records of a service that is several processes, beside each one's own. */
export const workerLogs: Readonly<Record<string, readonly string[]>> = {
  'worker ready': [ATTRIBUTE.worker, ATTRIBUTE.pid],
  'worker ended': [ATTRIBUTE.worker, ATTRIBUTE.pid, ATTRIBUTE.exitCode, ATTRIBUTE.signal, ATTRIBUTE.reason],
};

/** The log records that only trouble writes. */
export const troubleLogs: Readonly<Record<string, readonly string[]>> = {
  'response failed': [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace],
  'request failed': [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace],
  'model refused': [...model, ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace],
  'roles not followed': [ATTRIBUTE.modelName, ATTRIBUTE.reason],
  'audit trail not written': [
    ATTRIBUTE.modelName,
    ATTRIBUTE.exceptionType,
    ATTRIBUTE.exceptionMessage,
    ATTRIBUTE.exceptionStacktrace,
  ],
  'models folder not read': [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace],
  'retraining failed': [...retraining, ATTRIBUTE.errorType, ATTRIBUTE.reason, ATTRIBUTE.exceptionStacktrace],
  'retraining not written down': [
    ...retraining,
    ATTRIBUTE.exceptionType,
    ATTRIBUTE.exceptionMessage,
    ATTRIBUTE.exceptionStacktrace,
  ],
  'slow prediction': [
    ...model,
    ATTRIBUTE.predictionId,
    ATTRIBUTE.predictionLabel,
    ATTRIBUTE.predictionConfidence,
    ATTRIBUTE.anomalyReason,
    ATTRIBUTE.predictionDuration,
    ATTRIBUTE.tokenizeDuration,
    ATTRIBUTE.scoreDuration,
    ATTRIBUTE.inputCharacters,
    ATTRIBUTE.inputTokens,
  ],
  'shadow failed': [
    ...model,
    ATTRIBUTE.shadowVersion,
    ATTRIBUTE.exceptionType,
    ATTRIBUTE.exceptionMessage,
    ATTRIBUTE.exceptionStacktrace,
  ],
  'trial not kept': [ATTRIBUTE.exceptionType, ATTRIBUTE.exceptionMessage, ATTRIBUTE.exceptionStacktrace],
  'telemetry problem': [ATTRIBUTE.reason],
};

const attributeDefinitions: readonly AttributeDefinition[] = [
  { name: ATTRIBUTE.modelName, type: 'string', description: 'The model that predicted' },
  { name: ATTRIBUTE.modelVersion, type: 'string', description: 'Its version' },
  {
    name: ATTRIBUTE.modelRole,
    type: 'string',
    description: 'Why that version answered: it is the `active` one, the `canary`, or was `named` by the request',
  },
  { name: ATTRIBUTE.changeWhat, type: 'string', description: '`activate`, `rollback`, `shadow` or `canary`' },
  { name: ATTRIBUTE.changeWho, type: 'string', description: 'Who changed it, such as `api` or `policy`' },
  { name: ATTRIBUTE.changeWhy, type: 'string', description: 'The reason that was given' },
  { name: ATTRIBUTE.changeFrom, type: 'string', description: 'The version that had the role before; empty for none' },
  { name: ATTRIBUTE.changeTo, type: 'string', description: 'The version that has it now; empty for none' },
  { name: ATTRIBUTE.changeRevision, type: 'integer', description: 'The number of the change in the audit trail' },
  {
    name: ATTRIBUTE.changeFollowed,
    type: 'boolean',
    description: 'Whether the change was made elsewhere, and found in the models folder',
  },
  { name: ATTRIBUTE.canaryShare, type: 'number', unit: '1', description: 'The share of the requests that it answers' },
  { name: ATTRIBUTE.modelBytes, type: 'integer', unit: 'By', description: 'The size of its weights' },
  { name: ATTRIBUTE.trainingJob, type: 'string', description: 'The id of a retraining' },
  { name: ATTRIBUTE.trainingOutcome, type: 'string', description: '`succeeded`, `failed` or `cancelled`' },
  { name: ATTRIBUTE.trainingDuration, type: 'number', unit: 's', description: 'From its start to its end' },
  {
    name: ATTRIBUTE.trainingDocuments,
    type: 'integer',
    unit: '{document}',
    description: 'How many texts were learnt',
  },
  {
    name: ATTRIBUTE.trainingFeedback,
    type: 'integer',
    unit: '{document}',
    description: 'How many of them came from feedback',
  },
  { name: ATTRIBUTE.predictionId, type: 'string', description: 'The signed id that feedback refers to' },
  { name: ATTRIBUTE.predictionLabel, type: 'string', description: 'The predicted label' },
  { name: ATTRIBUTE.predictionConfidence, type: 'number', unit: '1', description: 'The probability of that label' },
  { name: ATTRIBUTE.predictionDuration, type: 'number', unit: 's', description: 'Time to tokenise and score' },
  {
    name: ATTRIBUTE.tokenizeDuration,
    type: 'number',
    unit: 's',
    description: 'Time to tokenise, of a slow prediction',
  },
  { name: ATTRIBUTE.scoreDuration, type: 'number', unit: 's', description: 'Time to score, of a slow prediction' },
  { name: ATTRIBUTE.inputCharacters, type: 'integer', unit: '{character}', description: 'The length of the text' },
  { name: ATTRIBUTE.inputTokens, type: 'integer', unit: '{token}', description: 'How many tokens it has' },
  {
    name: ATTRIBUTE.inputUnknownRatio,
    type: 'number',
    unit: '1',
    description: 'The share of its tokens that were not in the training data',
  },
  {
    name: ATTRIBUTE.anomalyReason,
    type: 'string',
    description:
      'Why the text is out of the ordinary for the model: `low_confidence`, `unknown_words`, `length`, separated by commas',
  },
  {
    name: ATTRIBUTE.shadowVersion,
    type: 'string',
    description: 'The version that scored the text too, and answered nobody',
  },
  { name: ATTRIBUTE.shadowLabel, type: 'string', description: 'The label it would have answered' },
  {
    name: ATTRIBUTE.shadowConfidence,
    type: 'number',
    unit: '1',
    description: 'The probability that it gives that label',
  },
  { name: ATTRIBUTE.shadowAgrees, type: 'boolean', description: 'Whether that is the label that was answered' },
  { name: ATTRIBUTE.feedbackLabel, type: 'string', description: 'The true label' },
  { name: ATTRIBUTE.feedbackCorrect, type: 'boolean', description: 'Whether it is the predicted one' },
  {
    name: ATTRIBUTE.feedbackOutcome,
    type: 'string',
    description: '`recorded`, `repeated` (the same again) or `conflict` (another label is kept)',
  },
  { name: ATTRIBUTE.inputText, type: 'string', description: 'The text itself, only with `CAPTURE_TEXT`' },
  {
    name: ATTRIBUTE.errorType,
    type: 'string',
    description: 'The kind of error: a problem type, a status code, or why something was not exported',
  },
  { name: ATTRIBUTE.exceptionType, type: 'string', description: 'The class of an exception' },
  { name: ATTRIBUTE.exceptionMessage, type: 'string', description: 'Its message' },
  { name: ATTRIBUTE.exceptionStacktrace, type: 'string', description: 'Where it was thrown' },
  { name: ATTRIBUTE.url, type: 'string', description: 'Where the service listens' },
  { name: ATTRIBUTE.startupSeconds, type: 'number', unit: 's', description: 'From the start of the process to ready' },
  { name: ATTRIBUTE.shutdownSeconds, type: 'number', unit: 's', description: 'From the signal to the end' },
  { name: ATTRIBUTE.signal, type: 'string', description: 'What the process was asked to stop with, or ended by' },
  {
    name: ATTRIBUTE.reason,
    type: 'string',
    description: 'What the SDK has to say, what of the roles cannot be followed, or what kept a worker from starting',
  },
  {
    name: ATTRIBUTE.worker,
    type: 'integer',
    description: 'Which of several processes, from 1 on; one that replaces another has its number',
  },
  { name: ATTRIBUTE.pid, type: 'integer', description: 'Its process id' },
  { name: ATTRIBUTE.exitCode, type: 'integer', description: 'The code that it ended with' },
  { name: 'http.request.method', type: 'string', description: 'The method, `_OTHER` where it is not a known one' },
  { name: 'http.route', type: 'string', description: 'The route that took the request, with its parameters unfilled' },
  { name: 'http.response.status_code', type: 'integer', description: 'The status of the response' },
  { name: 'url.path', type: 'string', description: 'The route again: the real path could hold anything' },
  { name: 'url.scheme', type: 'string', description: '`http`' },
  { name: 'network.peer.address', type: 'string', description: 'The address of the other end of the connection' },
  { name: 'network.peer.port', type: 'integer', description: 'Its port' },
  { name: 'network.protocol.version', type: 'string', description: 'The version of HTTP' },
];

/** The meaning of every attribute of spans and log records, by name. */
export const attributes: ReadonlyMap<string, AttributeDefinition> = new Map(
  attributeDefinitions.map((definition) => [definition.name, definition]),
);

/** Every metric of a service that is one process, by who records it. */
export const metrics: Readonly<Record<string, readonly MetricDefinition[]>> = {
  [SCOPE]: Object.values(METRIC),
  ...libraryMetrics,
};

/** What there is beside them with `WORKERS` above 1. */
export const workerMetrics: readonly MetricDefinition[] = Object.values(WORKER_METRIC);
