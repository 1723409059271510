import { z } from 'zod';
import { feedbackBody } from '../routes/feedback.ts';
import { bodyProblems, type NamedSchemas, type Operation, type Parameter } from './operation.ts';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const traceId = z.string().regex(/^[0-9a-f]{32}$/);
const model = z.object({ name: z.string(), version: z.string() });
const interval = z.object({ low: z.number(), high: z.number() }).meta({ description: '95 %' });
const scores = { precision: share, recall: share, f1: share };

const feedbackAnswer = z.object({
  id: z.string(),
  prediction: z.string().meta({ description: 'The label that was predicted' }),
  label: z.string().meta({ description: 'The label that was right' }),
  correct: z.boolean(),
  predictionTraceId: traceId.meta({ description: 'The trace of the prediction' }),
  traceId: traceId.meta({ description: 'The trace of this feedback' }),
});

const quality = z.object({
  model,
  since: z.iso.datetime().nullable().meta({ description: 'Null where all feedback counts' }),
  count: count.meta({ description: 'Predictions whose true label came in' }),
  accuracy: share.nullable().meta({ description: 'Null where no label came in' }),
  accuracyInterval: interval,
  macro: z.object(scores),
  micro: z.object(scores),
  labels: z.record(
    z.string(),
    z.object({ ...scores, support: count, predicted: count, precisionInterval: interval, recallInterval: interval }),
  ),
  confusionMatrix: z.object({
    labels: z.array(z.string()),
    counts: z.array(z.array(count)).meta({ description: 'By the true label, then by the predicted one' }),
  }),
  estimate: z
    .object({ isEstimate: z.literal(true), method: z.string(), accuracy: share.nullable(), predictions: count })
    .meta({ description: 'What there is to go by where no labels come in' }),
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
      psi: z.number().meta({ description: 'Population stability index against the training texts' }),
      js: z.number().meta({ description: 'Jensen-Shannon distance' }),
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
  description: '`NAME` or `NAME@VERSION`; the default model where it is left out',
  schema: z.string(),
  example: 'spam',
};

const windowParameter: Parameter = {
  name: 'window',
  in: 'query',
  description:
    'Only feedback of the last so many seconds, minutes, hours, days or weeks; all of it where it is left out',
  schema: z.string().regex(/^(?:[1-9]\d{0,5}[smhdw])?$/),
  example: '24h',
};

/** Whether the model is still right: `/feedback`, `/quality`, `/drift`. */
export const qualityOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/feedback',
    id: 'giveFeedback',
    tag: 'Quality',
    summary: 'The true label of a prediction, kept for good before the answer',
    description: 'The same feedback again is answered alike and counted once.',
    request: {
      schema: feedbackBody,
      examples: { 'it was no spam': { id: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK', label: 'ham' } },
    },
    response: {
      description: 'It is kept',
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
      ...bodyProblems,
      'model-not-found',
      'feedback-conflict',
      'text-too-long',
      'unknown-prediction',
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
    summary: 'How good the predictions were whose true labels came in',
    parameters: [modelParameter, windowParameter],
    response: { description: 'The figures', schema: quality },
    problems: ['model-not-found', 'invalid-request', 'feedback-unavailable', 'not-ready'],
  },
  {
    method: 'get',
    path: '/drift',
    id: 'measureDrift',
    tag: 'Quality',
    summary: "How far the last hour's predictions are from the training data",
    parameters: [modelParameter],
    response: { description: 'The figures, by feature', schema: drift },
    problems: ['model-not-found', 'invalid-request', 'not-ready'],
  },
];

export const qualitySchemas: NamedSchemas = {
  Feedback: feedbackBody,
  FeedbackAnswer: feedbackAnswer,
  Quality: quality,
  Drift: drift,
};
