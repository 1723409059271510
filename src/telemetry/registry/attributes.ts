import { ATTRIBUTE } from '../names.ts';
import { type AttributeDefinition, ENDPOINT_ATTRIBUTES } from './endpoint-attributes.ts';

const ATTRIBUTE_DEFINITIONS: readonly AttributeDefinition[] = [
  { name: ATTRIBUTE.modelName, type: 'string', description: 'The name of the model' },
  { name: ATTRIBUTE.modelVersion, type: 'string', description: 'The version of the model' },
  {
    name: ATTRIBUTE.modelRole,
    type: 'string',
    description: 'The reason why this version answered: it is `active`, it is the `canary`, or the request `named` it',
  },
  {
    name: ATTRIBUTE.changeWhat,
    type: 'string',
    description: 'The action: `activate`, `rollback`, `shadow` or `canary`',
  },
  { name: ATTRIBUTE.changeWho, type: 'string', description: 'The actor, such as `api` or `policy`' },
  { name: ATTRIBUTE.changeWhy, type: 'string', description: 'The reason that the actor gave' },
  {
    name: ATTRIBUTE.changeFrom,
    type: 'string',
    description: 'The version that had the role before; empty if there was none',
  },
  {
    name: ATTRIBUTE.changeTo,
    type: 'string',
    description: 'The version that has the role now; empty if there is none',
  },
  { name: ATTRIBUTE.changeRevision, type: 'integer', description: 'The number of the change in the audit trail' },
  {
    name: ATTRIBUTE.changeFollowed,
    type: 'boolean',
    description: 'Whether another process made the change, and this process found it in the models folder',
  },
  {
    name: ATTRIBUTE.canaryShare,
    type: 'number',
    unit: '1',
    description: 'The share of the requests that the canary answers',
  },
  { name: ATTRIBUTE.modelBytes, type: 'integer', unit: 'By', description: 'The size of the weights of the model' },
  { name: ATTRIBUTE.trainingJob, type: 'string', description: 'The id of a retraining' },
  { name: ATTRIBUTE.trainingOutcome, type: 'string', description: 'The outcome: `succeeded`, `failed` or `cancelled`' },
  { name: ATTRIBUTE.trainingDuration, type: 'number', unit: 's', description: 'The duration of the retraining' },
  {
    name: ATTRIBUTE.trainingDocuments,
    type: 'integer',
    unit: '{document}',
    description: 'The number of training texts',
  },
  {
    name: ATTRIBUTE.trainingFeedback,
    type: 'integer',
    unit: '{document}',
    description: 'The number of training texts that came from feedback',
  },
  {
    name: ATTRIBUTE.predictionId,
    type: 'string',
    description: 'The signed id of the prediction, which feedback refers to',
  },
  { name: ATTRIBUTE.predictionLabel, type: 'string', description: 'The predicted label' },
  {
    name: ATTRIBUTE.predictionConfidence,
    type: 'number',
    unit: '1',
    description: 'The probability of the predicted label',
  },
  {
    name: ATTRIBUTE.predictionReview,
    type: 'boolean',
    description: 'Present and true if a reviewed label of this prediction is wanted (`REVIEW_SHARE`)',
  },
  {
    name: ATTRIBUTE.predictionAbstained,
    type: 'boolean',
    description:
      'Present and true if the confidence is below the minimum of the request or of the policy (`minConfidence`)',
  },
  {
    name: ATTRIBUTE.predictionDuration,
    type: 'number',
    unit: 's',
    description: 'The time to tokenise and score the text',
  },
  {
    name: ATTRIBUTE.tokenizeDuration,
    type: 'number',
    unit: 's',
    description: 'The time to tokenise the text of a slow prediction',
  },
  {
    name: ATTRIBUTE.scoreDuration,
    type: 'number',
    unit: 's',
    description: 'The time to score the text of a slow prediction',
  },
  {
    name: ATTRIBUTE.encodeBatchSize,
    type: 'integer',
    unit: '{text}',
    description: 'The number of texts that the encoder encoded together',
  },
  {
    name: ATTRIBUTE.encodeWait,
    type: 'number',
    unit: 's',
    description: 'The time until a thread of the encoder took the text',
  },
  { name: ATTRIBUTE.inputCharacters, type: 'integer', unit: '{character}', description: 'The length of the text' },
  { name: ATTRIBUTE.inputTokens, type: 'integer', unit: '{token}', description: 'The number of tokens of the text' },
  {
    name: ATTRIBUTE.inputUnknownRatio,
    type: 'number',
    unit: '1',
    description: 'The share of the tokens that are not in the training data',
  },
  {
    name: ATTRIBUTE.anomalyReason,
    type: 'string',
    description:
      'The reasons why the text is an anomaly for the model: `low_confidence`, `unknown_words`, `length`, `obfuscated`, separated by commas',
  },
  {
    name: ATTRIBUTE.shadowVersion,
    type: 'string',
    description: 'The version of the shadow, which also scored the text',
  },
  { name: ATTRIBUTE.shadowLabel, type: 'string', description: 'The label that the shadow predicted' },
  {
    name: ATTRIBUTE.shadowConfidence,
    type: 'number',
    unit: '1',
    description: 'The probability of the label that the shadow predicted',
  },
  {
    name: ATTRIBUTE.shadowAgrees,
    type: 'boolean',
    description: 'Whether the shadow predicted the label of the response',
  },
  {
    name: ATTRIBUTE.feedbackSource,
    type: 'string',
    description: 'The origin of the label: `truth`, `review` or `report`',
  },
  { name: ATTRIBUTE.feedbackLabel, type: 'string', description: 'The true label' },
  { name: ATTRIBUTE.feedbackCorrect, type: 'boolean', description: 'Whether the true label is the predicted label' },
  {
    name: ATTRIBUTE.feedbackOutcome,
    type: 'string',
    description: 'The outcome: `recorded`, `repeated` (the same label again) or `conflict` (another label is stored)',
  },
  {
    name: ATTRIBUTE.maintenanceAction,
    type: 'string',
    description:
      'The decision of the policy: `none`, `retrain`, `canary`, `promote`, `rollback`, `drop-shadow` or `drop-canary`',
  },
  {
    name: ATTRIBUTE.maintenanceApplied,
    type: 'boolean',
    description: 'Whether the decision was applied, or only recommended',
  },
  { name: ATTRIBUTE.maintenanceReason, type: 'string', description: 'The reason for the decision, in words' },
  { name: ATTRIBUTE.maintenanceNumbers, type: 'string', description: 'The numbers behind the decision, as JSON' },
  { name: ATTRIBUTE.inputText, type: 'string', description: 'The text itself, only with `CAPTURE_TEXT`' },
  { name: ATTRIBUTE.caller, type: 'string', description: 'The name of the token of the request, if tokens are set' },
  {
    name: ATTRIBUTE.syntheticType,
    type: 'string',
    description: '`test` if the request is one of a load test, by the member `synthetic=true` of its `baggage`',
  },
  { name: ATTRIBUTE.missingScope, type: 'string', description: 'The scope that the route needs and the token lacks' },
  {
    name: ATTRIBUTE.errorType,
    type: 'string',
    description: 'The type of the error: a problem type, a status code, or the reason of a failed export',
  },
  { name: ATTRIBUTE.exceptionType, type: 'string', description: 'The class of the exception' },
  { name: ATTRIBUTE.exceptionMessage, type: 'string', description: 'The message of the exception' },
  { name: ATTRIBUTE.exceptionStacktrace, type: 'string', description: 'The stack trace of the exception' },
  { name: ATTRIBUTE.url, type: 'string', description: 'The URL of the service' },
  {
    name: ATTRIBUTE.startupSeconds,
    type: 'number',
    unit: 's',
    description: 'The time from the start of the process until it is ready',
  },
  {
    name: ATTRIBUTE.shutdownSeconds,
    type: 'number',
    unit: 's',
    description: 'The time from the signal until the end of the process',
  },
  { name: ATTRIBUTE.signal, type: 'string', description: 'The signal that stopped the process' },
  {
    name: ATTRIBUTE.reason,
    type: 'string',
    description:
      'The reason: a message of the SDK, an error in the roles or in the policy of a model, or the cause of a failed start of a worker',
  },
  {
    name: ATTRIBUTE.worker,
    type: 'integer',
    description: 'The index of the worker, starting at 1; a replacement has the index of the worker that it replaces',
  },
  { name: ATTRIBUTE.pid, type: 'integer', description: 'The id of the process' },
  { name: ATTRIBUTE.exitCode, type: 'integer', description: 'The exit code of the process' },
  { name: 'http.request.method', type: 'string', description: 'The method, or `_OTHER` for an unknown method' },
  { name: 'http.route', type: 'string', description: 'The route of the request, with the names of its parameters' },
  { name: 'http.response.status_code', type: 'integer', description: 'The status of the response' },
  {
    name: 'url.path',
    type: 'string',
    description: 'The route again, because a client can put anything into the real path',
  },
  { name: 'url.scheme', type: 'string', description: '`http`' },
  { name: 'network.peer.address', type: 'string', description: 'The address of the client' },
  { name: 'network.peer.port', type: 'integer', description: 'The port of the client' },
  { name: 'network.protocol.version', type: 'string', description: 'The version of HTTP' },
];

/** The definitions of all attributes of spans and log records, by name. */
export const attributes: ReadonlyMap<string, AttributeDefinition> = new Map(
  [...ATTRIBUTE_DEFINITIONS, ...ENDPOINT_ATTRIBUTES].map((definition) => [definition.name, definition]),
);
