import { z } from 'zod';
import { manifestSchema } from '../../models/manifest.ts';
import { modelName, type NamedSchemas, type Operation } from './operation.ts';

const [linear, natural] = manifestSchema.options;

const version = z.object({
  version: z.string(),
  algorithm: z.union([linear.shape.algorithm, natural.shape.algorithm]),
  labels: z.array(z.string()),
  sha256: z.string().meta({ description: 'Of the file that holds the weights' }),
  training: linear.shape.training,
  evaluation: linear.shape.evaluation.nullable(),
});

const model = z.object({
  name: z.string(),
  active: z.string().meta({ description: 'The version that answers for the bare name' }),
  shadow: z.string().nullable(),
  canary: z.string().nullable(),
  versions: z.array(version).meta({ description: 'Newest first' }),
});

/** `/models`. */
export const modelOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/models',
    id: 'listModels',
    tag: 'Models',
    summary: 'Every model, its versions, and how well each did on texts it had not learned from',
    response: { description: 'The loaded models', schema: z.object({ models: z.array(model) }) },
    problems: ['not-ready'],
  },
  {
    method: 'get',
    path: '/models/{name}',
    id: 'showModel',
    tag: 'Models',
    summary: 'One model and its versions',
    parameters: [modelName],
    response: { description: 'The model', schema: model },
    problems: ['model-not-found', 'not-ready'],
  },
];

export const modelSchemas: NamedSchemas = { Model: model, ModelVersion: version };
