import { z } from 'zod';
import type { NamedSchemas, Operation, Parameter } from './operation.ts';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const model = z.object({ name: z.string(), version: z.string() });
const interval = z.object({ low: z.number(), high: z.number() }).meta({ description: 'The 95 % interval' });
const scores = { precision: share, recall: share, f1: share };

const quality = z.object({
  model,
  since: z.iso.datetime().nullable().meta({ description: 'Null if all feedback counts' }),
  sources: z
    .object({ truth: count, review: count, report: count })
    .meta({ description: 'The number of labels of each source. All figures use `truth` and `review` only' }),
  coverage: z.object({
    predictions: count,
    labelled: count,
    ratio: share.nullable(),
    asked: count.meta({ description: 'The number of predictions that were picked for review' }),
    reviewed: count,
    fairness: z
      .object({
        verdict: z.enum(['alike', 'different', 'unsure']),
        pValue: share.nullable(),
        distance: share.nullable(),
      })
      .meta({ description: 'Whether labelled and unlabelled predictions have the same confidences' }),
  }),
  count: count.meta({ description: 'The number of labels from `truth` and `review`' }),
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
  calibration: z
    .array(z.object({ from: share, to: share, count: z.number().nonnegative(), accuracy: share, interval }))
    .meta({ description: 'The accuracy by confidence' }),
  accuracyByCoverage: z
    .array(
      z.object({ minConfidence: share, coverage: share, count: z.number().nonnegative(), accuracy: share, interval }),
    )
    .meta({
      description:
        'What remains with `minConfidence`, all labels first: the share of the labels, and their accuracy. The last 20,000 labels count',
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
      psi: z.number().meta({
        description:
          'The population stability index against the training texts. Part of it is chance, so it may lie above `psiInterval`',
      }),
      js: z.number().meta({ description: 'The Jensen-Shannon distance' }),
      psiCorrected: z
        .number()
        .nullable()
        .meta({ description: 'The index without the expected effect of chance: the interval is built around it' }),
      psiInterval: interval.nullable(),
      samples: count,
      samplesNeeded: count,
      verdict,
      bins: z.array(z.object({ name: z.string(), reference: share, count })),
    }),
  ),
});

/** The query parameter that names a model. */
export const modelParameter: Parameter = {
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
  Quality: quality,
  Drift: drift,
};
