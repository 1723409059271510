import { z } from 'zod';
import { batchBody, predictBody } from '../routes/predict.ts';
import { bodyProblems, type NamedSchemas, type Operation } from './operation.ts';

const share = z.number().min(0).max(1);
const traceId = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: 'The trace in which the request can be followed' });

const model = z.object({ name: z.string(), version: z.string() });

const contribution = z.object({
  feature: z.string(),
  weight: z.number().meta({ description: 'In log-odds, for the predicted label against the runner-up' }),
});

const prediction = z.object({
  id: z.string().meta({ description: 'Signed; names the prediction when feedback on it is given' }),
  prediction: z.string().meta({ description: 'The most probable label' }),
  confidence: share.meta({ description: 'Its probability' }),
  scores: z.record(z.string(), share).meta({ description: 'A probability for each label' }),
  model,
});

const predictAnswer = prediction.extend({
  explanation: z.array(contribution).optional().meta({ description: 'With `explain=true`; strongest first' }),
  traceId,
});

const batchAnswer = z.object({ predictions: z.array(prediction), traceId });

const examplePrediction = {
  id: 'AbuS_ZmcSJwWmhP0bQueRdyls9FoBEtK',
  prediction: 'spam',
  confidence: 0.9999,
  scores: { ham: 0.0001, spam: 0.9999 },
  model: { name: 'spam', version: '1' },
};
const exampleTrace = { traceId: 'bb92fd999c489c169a13f46d0b9e45dc' };

/** `/predict` and `/predict/batch`. */
export function predictionOperations(maxBatchSize: number): { operations: Operation[]; schemas: NamedSchemas } {
  const batch = batchBody(maxBatchSize);
  const operations: Operation[] = [
    {
      method: 'post',
      path: '/predict',
      id: 'predict',
      tag: 'Predictions',
      summary: 'The label of one text',
      parameters: [
        {
          name: 'explain',
          in: 'query',
          description: 'Adds what spoke for the label',
          schema: z.enum(['true', 'false', '']),
          example: 'true',
        },
      ],
      request: {
        schema: predictBody,
        examples: {
          'the default model': { text: 'Congratulations, you won free money, click here to claim your prize now' },
          'a model and its version': { text: 'The patch applies cleanly to the kernel tree.', model: 'spam@1' },
        },
      },
      response: {
        description: 'The prediction',
        schema: predictAnswer,
        example: { ...examplePrediction, ...exampleTrace },
      },
      problems: [...bodyProblems, 'model-not-found', 'text-too-long', 'not-ready'],
    },
    {
      method: 'post',
      path: '/predict/batch',
      id: 'predictBatch',
      tag: 'Predictions',
      summary: 'The labels of many texts, in their order',
      request: { schema: batch, examples: { 'two texts': { texts: ['Win a prize', 'See you at the meeting'] } } },
      response: {
        description: 'A prediction for each text',
        schema: batchAnswer,
        example: { predictions: [examplePrediction, examplePrediction], ...exampleTrace },
      },
      problems: [...bodyProblems, 'model-not-found', 'text-too-long', 'batch-too-large', 'not-ready'],
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
