import { z } from 'zod';
import { correctionBody, feedbackBody } from '../routes/feedback.ts';
import { BODY_PROBLEMS, type NamedSchemas, type Operation, type Parameter } from './operation.ts';
import { modelParameter } from './quality-operations.ts';

const traceId = z.string().regex(/^[0-9a-f]{32}$/);

const feedbackAnswer = z.object({
  id: z.string(),
  prediction: z.string().meta({ description: 'The predicted label' }),
  label: z.string().meta({ description: 'The true label' }),
  correct: z.boolean(),
  predictionTraceId: traceId.meta({ description: 'The id of the trace of the prediction' }),
  traceId: traceId.meta({ description: 'The id of the trace of this feedback request' }),
});

const correctionAnswer = feedbackAnswer.extend({
  previousLabel: z.string(),
  source: z.enum(['truth', 'review', 'report']),
});

const erasureAnswer = z.object({ id: z.string(), erased: z.literal(true), traceId });

const reviews = z.object({
  reviews: z.array(
    z.object({
      id: z.string(),
      model: z.object({ name: z.string(), version: z.string() }),
      time: z.iso.datetime().meta({ description: 'The time of the prediction' }),
      prediction: z.string(),
      confidence: z.number().min(0).max(1),
    }),
  ),
});

const idParameter: Parameter = {
  name: 'id',
  in: 'path',
  description: 'The id of a prediction',
  schema: z.string(),
  example: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK',
};

const limitParameter: Parameter = {
  name: 'limit',
  in: 'query',
  description: 'The largest number of reviews in the answer; 100 without it, 1,000 at most',
  schema: z.string().regex(/^(?:[1-9][0-9]{0,2}|1000)?$/),
  example: '100',
};

/** The operations on the labels of predictions. */
export const feedbackOperations: readonly Operation[] = [
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
    method: 'put',
    path: '/feedback/{id}',
    id: 'correctFeedback',
    tag: 'Quality',
    summary: 'Replaces the label of a feedback, in every count, and keeps a trail',
    parameters: [idParameter],
    request: { schema: correctionBody, examples: { 'it was spam after all': { label: 'spam' } } },
    response: { description: 'The label is replaced', schema: correctionAnswer },
    problems: [
      ...BODY_PROBLEMS,
      'model-not-found',
      'feedback-not-found',
      'unknown-prediction',
      'unknown-label',
      'feedback-unavailable',
      'not-ready',
    ],
  },
  {
    method: 'delete',
    path: '/feedback/{id}',
    id: 'eraseFeedback',
    tag: 'Quality',
    summary: 'Deletes the label and the text of a feedback',
    parameters: [idParameter],
    response: { description: 'Label and text are deleted', schema: erasureAnswer },
    problems: ['feedback-not-found', 'unknown-prediction', 'feedback-unavailable', 'not-ready'],
  },
  {
    method: 'get',
    path: '/reviews',
    id: 'listReviews',
    tag: 'Quality',
    summary: 'Lists the predictions that wait for a reviewed label, oldest first',
    parameters: [modelParameter, limitParameter],
    response: { description: 'The predictions', schema: reviews },
    problems: ['model-not-found', 'invalid-request', 'feedback-unavailable', 'not-ready'],
  },
];

/** The named schemas of these operations. */
export const feedbackSchemas: NamedSchemas = {
  Feedback: feedbackBody,
  FeedbackAnswer: feedbackAnswer,
  FeedbackCorrection: correctionBody,
  FeedbackCorrectionAnswer: correctionAnswer,
  Reviews: reviews,
};
