import { ATTRIBUTE } from '../names.ts';

export interface AttributeDefinition {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'string[]';
  readonly unit?: string;
  readonly description: string;
}

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
  {
    name: ATTRIBUTE.maintenanceAction,
    type: 'string',
    description:
      'What its policy came to: `none`, `retrain`, `canary`, `promote`, `rollback`, `drop-shadow` or `drop-canary`',
  },
  { name: ATTRIBUTE.maintenanceApplied, type: 'boolean', description: 'Whether that was done, or only recommended' },
  { name: ATTRIBUTE.maintenanceReason, type: 'string', description: 'Why, in words' },
  { name: ATTRIBUTE.maintenanceNumbers, type: 'string', description: 'The numbers behind it, as JSON' },
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
    description:
      'What the SDK has to say, what of the roles cannot be followed, what is wrong with a policy, or what kept a worker from starting',
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
