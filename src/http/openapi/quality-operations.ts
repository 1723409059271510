import { z } from 'zod';
import { feedbackBody } from '../routes/feedback.ts';
import { BODY_PROBLEMS, type NamedSchemas, type Operation, type Parameter } from './operation.ts';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const traceId = z.string().regex(/^[0-9a-f]{32}$/);
const model = z.object({ name: z.string(), version: z.string() });
const interval = z.object({ low: z.number(), high: z.number() }).meta({ description: 'The 95 % interval' });
const scores = { precision: share, recall: share, f1: share };

const feedbackAnswer = z.object({
  id: z.string(),
  prediction: z.string().meta({ description: 'The predicted label' }),
  label: z.string().meta({ description: 'The true label' }),
  correct: z.boolean(),
  predictionTraceId: traceId.meta({ description: 'The id of the trace of the prediction' }),
  traceId: traceId.meta({ description: 'The id of the trace of this feedback request' }),
});

const quality = z.object({
  model,
  since: z.iso.datetime().nullable().meta({ description: 'Null if all feedback counts' }),
  count: count.meta({ description: 'The number of predictions with feedback' }),
  accuracy: share.nullable().meta({ description: 'Null without feedback' }),
  accuracyInterval: interval,
  macro: z.object(scores),
  micro: z.object(scores),
  labels: z.record(
    z.string(),
    z.object({ ...scores, support: count, predicted: count, precisionInterval: interval, recallInterval: interval }),
  ),
  confusionMatrix: z.object({
    labels: z.array(z.string()),
    counts: z.array(z.array(count)).meta({ description: 'Counts by true label, then by predicted label' }),
  }),
  estimate: z
    .object({ isEstimate: z.literal(true), method: z.string(), accuracy: share.nullable(), predictions: count })
    .meta({ description: 'An estimate that needs no feedback' }),
});

const verdict = z.enum(['stable', 'drift', 'unsure']);

const drift = z.object({
  model,
  windowSeconds: z.number(),
  predictions: count,
  verdict,
  features: z.record(
    z.string(),
    z.object({
      psi: z.number().meta({ description: 'The population stability index against the training texts' }),
      js: z.number().meta({ description: 'The Jensen-Shannon distance' }),
      psiInterval: interval.nullable(),
      samples: count,
      samplesNeeded: count,
      verdict,
      bins: z.array(z.object({ name: z.string(), reference: share, count })),
    }),
  ),
});

const modelParameter: Parameter = {
  name: 'model',
  in: 'query',
  description: '`NAME` or `NAME@VERSION`; default: the default model',
  schema: z.string(),
  example: 'spam',
};

const windowParameter: Parameter = {
  name: 'window',
  in: 'query',
  description:
    'Counts only feedback of this last duration, in seconds, minutes, hours, days or weeks; default: all feedback',
  schema: z.string().regex(/^(?:[1-9]\d{0,5}[smhdw])?$/),
  example: '24h',
};

/** The operations of `/feedback`, `/quality` and `/drift`. */
export const qualityOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/feedback',
    id: 'giveFeedback',
    tag: 'Quality',
    summary: 'Records the true label of a prediction durably, before it answers',
    description: 'The same feedback again gets the same answer and counts once.',
    request: {
      schema: feedbackBody,
      examples: { 'the mail was not spam': { id: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK', label: 'ham' } },
    },
    response: {
      description: 'The feedback is recorded',
      schema: feedbackAnswer,
      example: {
        id: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK',
        prediction: 'spam',
        label: 'ham',
        correct: false,
        predictionTraceId: 'bb92fd999c489c169a13f46d0b9e45dc',
        traceId: '0af7651916cd43dd8448eb211c80319c',
      },
    },
    problems: [
      ...BODY_PROBLEMS,
      'model-not-found',
      'feedback-conflict',
      'text-too-long',
      'unknown-prediction',
      'text-mismatch',
      'unknown-label',
      'feedback-unavailable',
      'not-ready',
    ],
  },
  {
    method: 'get',
    path: '/quality',
    id: 'measureQuality',
    tag: 'Quality',
    summary: 'Returns scores of the predictions that have feedback',
    parameters: [modelParameter, windowParameter],
    response: { description: 'The scores', schema: quality },
    problems: ['model-not-found', 'invalid-request', 'feedback-unavailable', 'not-ready'],
  },
  {
    method: 'get',
    path: '/drift',
    id: 'measureDrift',
    tag: 'Quality',
    summary: "Returns the distance of the last hour's predictions from the training data",
    parameters: [modelParameter],
    response: { description: 'The distances, by feature', schema: drift },
    problems: ['model-not-found', 'invalid-request', 'not-ready'],
  },
];

/** The named schemas of these operations. */
export const qualitySchemas: NamedSchemas = {
  Feedback: feedbackBody,
  FeedbackAnswer: feedbackAnswer,
  Quality: quality,
  Drift: drift,
};
