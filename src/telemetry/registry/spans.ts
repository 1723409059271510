import { GEN_AI } from '../gen-ai-names.ts';
import { ATTRIBUTE, SPAN } from '../names.ts';
import { ENDPOINT_ATTRIBUTE } from '../remote-names.ts';
import { CHANGE, FEEDBACK, MAINTENANCE, MODEL, RETRAINED } from './attribute-groups.ts';

/** The definition of a span. */
export interface SpanDefinition {
  readonly name: string;
  readonly kind: 'SERVER' | 'INTERNAL' | 'CLIENT';
  readonly description: string;
  readonly attributes: readonly string[];
  /** The attributes that depend on a setting. */
  readonly optionalAttributes?: readonly string[];
}

/** The registered name of the spans of requests. The real names consist of a method and a route. */
export const SERVER_SPAN = '{method} {route}';

/** The definitions of all spans of a running service. */
export const SPAN_DEFINITIONS: readonly SpanDefinition[] = [
  {
    name: SERVER_SPAN,
    kind: 'SERVER',
    description: 'A request, from its head to the end of its response; without a route its name is the method alone',
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
      ATTRIBUTE.syntheticType,
    ],
    optionalAttributes: [ATTRIBUTE.caller],
  },
  {
    name: SPAN.classify,
    kind: 'INTERNAL',
    description: 'One prediction: one text is tokenised and scored',
    attributes: [
      ...MODEL,
      ATTRIBUTE.modelRole,
      ATTRIBUTE.predictionId,
      ATTRIBUTE.predictionLabel,
      ATTRIBUTE.predictionConfidence,
      ATTRIBUTE.predictionReview,
      ATTRIBUTE.predictionAbstained,
      ATTRIBUTE.inputCharacters,
      ATTRIBUTE.inputTokens,
      ATTRIBUTE.inputUnknownRatio,
      ATTRIBUTE.inputText,
      ATTRIBUTE.anomalyReason,
      ATTRIBUTE.shadowVersion,
      ATTRIBUTE.shadowLabel,
      ATTRIBUTE.shadowConfidence,
      ATTRIBUTE.shadowAgrees,
      ATTRIBUTE.syntheticType,
    ],
    optionalAttributes: [ATTRIBUTE.caller],
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
    description: 'Feedback on one prediction, with a link to the `classify` span of the prediction',
    attributes: FEEDBACK,
  },
  {
    name: SPAN.loadModel,
    kind: 'INTERNAL',
    description: 'One model version is read and checked',
    attributes: [...MODEL, ATTRIBUTE.modelBytes],
  },
  {
    name: SPAN.trainModel,
    kind: 'INTERNAL',
    description: 'One retraining, a trace of its own with a link to the request that started it',
    attributes: [...MODEL, ATTRIBUTE.trainingJob, ...RETRAINED],
  },
  {
    name: SPAN.activateModel,
    kind: 'INTERNAL',
    description: 'Another version became active, through this process or another one',
    attributes: CHANGE,
  },
  {
    name: SPAN.shadowModel,
    kind: 'INTERNAL',
    description: 'Another version, or none, became the shadow',
    attributes: CHANGE,
  },
  {
    name: SPAN.canaryModel,
    kind: 'INTERNAL',
    description: 'Another version, or none, became the canary, or its share changed',
    attributes: [...CHANGE, ATTRIBUTE.canaryShare],
  },
  {
    name: SPAN.evaluateModel,
    kind: 'INTERNAL',
    description: 'The measurements of a model are evaluated under its policy',
    attributes: [...MODEL, ...MAINTENANCE],
  },
];

/** The additional spans of a service with an encoder. */
export const ENCODER_SPAN_DEFINITIONS: readonly SpanDefinition[] = [
  {
    name: SPAN.encode,
    kind: 'INTERNAL',
    description:
      'An encoder turns the tokens of a text into an embedding, on a thread of its own (not in a batch). It is between the `tokenize` and the `score` span of the encoder',
    attributes: [ATTRIBUTE.encodeBatchSize, ATTRIBUTE.encodeWait],
  },
];

const REQUEST_TO_ENDPOINT = Object.values(ENDPOINT_ATTRIBUTE);

/** The additional spans of a service with a model behind an endpoint. */
export const REMOTE_SPAN_DEFINITIONS: readonly SpanDefinition[] = [
  {
    name: 'POST /v2/models/{model}/infer',
    kind: 'CLIENT',
    description:
      'A request to a model behind the Open Inference Protocol. The endpoint continues the trace. Each attempt has a span, a child of `classify`',
    attributes: REQUEST_TO_ENDPOINT,
  },
  {
    name: 'chat {model}',
    kind: 'CLIENT',
    description: 'A request to a language model, in the same way',
    attributes: [
      ...REQUEST_TO_ENDPOINT,
      GEN_AI.operationName,
      GEN_AI.providerName,
      GEN_AI.requestModel,
      GEN_AI.inputTokens,
      GEN_AI.outputTokens,
    ],
  },
];
