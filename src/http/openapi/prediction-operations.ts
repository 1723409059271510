import { z } from 'zod';
import { ANOMALY_REASONS } from '../../classifier/statistics/anomalies.ts';
import { batchBody, predictBody } from '../routes/predict.ts';
import { BODY_PROBLEMS, ENDPOINT_PROBLEMS, type NamedSchemas, type Operation } from './operation.ts';

const share = z.number().min(0).max(1);
const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: 'The id of the trace of the request' });

const model = z.object({ name: z.string(), version: z.string() });

const contribution = z.object({
  feature: z.string(),
  weight: z.number().meta({ description: 'The log-odds of the predicted label against the second most probable one' }),
});

const prediction = z.object({
  id: z.string().meta({ description: 'The signed id of the prediction, for feedback' }),
  prediction: z.string().meta({ description: 'The most probable label' }),
  confidence: share
    .optional()
    .meta({ description: 'The probability of that label; missing if the token may get the label only' }),
  scores: z
    .record(z.string(), share)
    .optional()
    .meta({ description: 'The probability of each label; missing if the answers of the token are limited' }),
  anomalies: z.array(z.enum(ANOMALY_REASONS)).optional().meta({
    description:
      'The reasons why the text is unusual for the model; usually none. Missing if the token may get the label only',
  }),
  model,
  review: z.literal(true).optional().meta({ description: 'Present if a reviewed label is wanted (`REVIEW_SHARE`)' }),
  abstained: z.literal(true).optional().meta({
    description:
      'Present if the confidence is below `minConfidence` of the request or of the policy: a person should decide',
  }),
});

const predictAnswer = prediction.extend({
  explanation: z
    .array(contribution)
    .optional()
    .meta({ description: 'Present with `explain`; strongest feature first' }),
  traceId,
});

const batchAnswer = z.object({ predictions: z.array(prediction), traceId });

const examplePrediction = {
  id: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK',
  prediction: 'spam',
  confidence: 0.9999,
  scores: { ham: 0.0001, spam: 0.9999 },
  anomalies: [],
  model: { name: 'spam', version: '1' },
};
const exampleTrace = { traceId: 'bb92fd999c489c169a13f46d0b9e45dc' };

/** Returns the operations of `/predict` and `/predict/batch`, and their named schemas. */
export function predictionOperations(maxBatchSize: number): { operations: Operation[]; schemas: NamedSchemas } {
  const batch = batchBody(maxBatchSize);
  const operations: Operation[] = [
    {
      method: 'post',
      path: '/predict',
      id: 'predict',
      tag: 'Predictions',
      summary: 'Returns the label of one text',
      parameters: [
        {
          name: 'explain',
          in: 'query',
          description:
            'Adds an explanation: the features with the strongest influence, 20 or the given number. With tokens it needs the scope `explain`',
          schema: z.union([z.enum(['true', 'false', '']), z.int().min(1).max(999_999)]),
          example: 'true',
        },
      ],
      request: {
        schema: predictBody,
        examples: {
          'the default model': { text: 'Congratulations, you won free money, click here to claim your prize now' },
          'a model and its version': { text: 'The patch applies cleanly to the kernel tree.', model: 'spam@1' },
          'a minimum for the confidence': { text: 'See you at the meeting', minConfidence: 0.9 },
        },
      },
      response: {
        description: 'The prediction',
        schema: predictAnswer,
        example: { ...examplePrediction, ...exampleTrace },
      },
      problems: [
        ...BODY_PROBLEMS,
        'model-not-found',
        'text-too-long',
        'storage-unavailable',
        'not-ready',
        ...ENDPOINT_PROBLEMS,
      ],
    },
    {
      method: 'post',
      path: '/predict/batch',
      id: 'predictBatch',
      tag: 'Predictions',
      summary: 'Returns the labels of many texts, in their order',
      request: { schema: batch, examples: { 'two texts': { texts: ['Win a prize', 'See you at the meeting'] } } },
      response: {
        description: 'One prediction for each text',
        schema: batchAnswer,
        example: { predictions: [examplePrediction, examplePrediction], ...exampleTrace },
      },
      problems: [
        ...BODY_PROBLEMS,
        'model-not-found',
        'text-too-long',
        'batch-too-large',
        'storage-unavailable',
        'not-ready',
        ...ENDPOINT_PROBLEMS,
      ],
    },
  ];
  return {
    operations,
    schemas: {
      PredictRequest: predictBody,
      BatchRequest: batch,
      Prediction: prediction,
      PredictAnswer: predictAnswer,
      BatchAnswer: batchAnswer,
    },
  };
}
