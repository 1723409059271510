import { ATTRIBUTE, SPAN } from '../names.ts';
import { CHANGE, FEEDBACK, MAINTENANCE, MODEL, RETRAINED } from './attribute-groups.ts';

export interface SpanDefinition {
  readonly name: string;
  readonly kind: 'SERVER' | 'INTERNAL';
  readonly description: string;
  readonly attributes: readonly string[];
}

/** How the registry calls the spans of requests, whose names are made of a method and a route. */
export const SERVER_SPAN = '{method} {route}';

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
      ...MODEL,
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
    attributes: FEEDBACK,
  },
  {
    name: SPAN.loadModel,
    kind: 'INTERNAL',
    description: 'Reading and checking one model version',
    attributes: [...MODEL, ATTRIBUTE.modelBytes],
  },
  {
    name: SPAN.trainModel,
    kind: 'INTERNAL',
    description: 'One retraining, a trace of its own with a link to the request that asked for it',
    attributes: [...MODEL, ATTRIBUTE.trainingJob, ...RETRAINED],
  },
  {
    name: SPAN.activateModel,
    kind: 'INTERNAL',
    description: 'Another version became active: by a change here, or by one that this process follows',
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
    description: 'A look at what was measured of a model, and what its policy makes of it',
    attributes: [...MODEL, ...MAINTENANCE],
  },
];
