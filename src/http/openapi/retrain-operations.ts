import { z } from 'zod';
import { jobSchema, type RetrainJob } from '../../maintenance/retraining/job.ts';
import { retrainBody } from '../routes/retrain.ts';
import { BODY_PROBLEMS, modelName, type NamedSchemas, type Operation, type Parameter } from './operation.ts';

const example: RetrainJob = {
  id: 'mgx2k0ab-5d0c1f3e',
  model: 'spam',
  state: 'running',
  who: 'api',
  why: 'a new kind of text',
  startedAt: '2026-11-24T23:00:00.000Z',
  endedAt: null,
  progress: { phase: 'compare', done: 2, total: 15 },
  version: null,
  documents: null,
  feedback: null,
  failure: null,
  traceId: 'bb92fd999c489c169a13f46d0b9e45dc',
};

const jobParameter: Parameter = {
  name: 'job',
  in: 'path',
  description: 'The id of the retraining',
  schema: z.string(),
  example: example.id,
};

const answer = z.object({ job: jobSchema });

/** The operations under `/models/{name}/retrain`. */
export const retrainOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/models/{name}/retrain',
    id: 'retrain',
    tag: 'Models',
    summary: 'Trains a new version from the original data and from feedback with text. The version becomes the shadow',
    description: 'The header `location` has the path of the retraining. Each model has at most one running retraining.',
    parameters: [modelName],
    request: {
      schema: retrainBody,
      examples: { 'without a reason': {}, 'with a reason': { reason: 'a new kind of text' } },
    },
    response: { status: 202, description: 'The retraining has started', schema: answer, example: { job: example } },
    problems: [
      ...BODY_PROBLEMS,
      'model-not-found',
      'retrain-not-configured',
      'retrain-running',
      'models-read-only',
      'storage-unavailable',
      'not-ready',
    ],
  },
  {
    method: 'get',
    path: '/models/{name}/retrain',
    id: 'listRetrainings',
    tag: 'Models',
    summary: 'Lists the last retrainings of a model, latest first',
    parameters: [modelName],
    response: {
      description: 'At most twenty retrainings, and the running one',
      schema: z.object({ jobs: z.array(jobSchema) }),
    },
    problems: ['model-not-found', 'storage-unavailable', 'not-ready'],
  },
  {
    method: 'get',
    path: '/models/{name}/retrain/{job}',
    id: 'showRetraining',
    tag: 'Models',
    summary: 'Returns the progress or the result of a retraining',
    parameters: [modelName, jobParameter],
    response: { description: 'The retraining', schema: answer, example: { job: example } },
    problems: ['model-not-found', 'job-not-found', 'storage-unavailable', 'not-ready'],
  },
  {
    method: 'delete',
    path: '/models/{name}/retrain/{job}',
    id: 'cancelRetraining',
    tag: 'Models',
    summary: 'Cancels a retraining. A retraining that has ended, or is writing its version, stays unchanged',
    parameters: [modelName, jobParameter],
    response: {
      description: 'The retraining after the cancellation',
      schema: answer,
      example: { job: { ...example, state: 'cancelled', endedAt: '2026-11-24T23:00:05.000Z' } },
    },
    problems: ['model-not-found', 'job-not-found', 'storage-unavailable', 'not-ready'],
  },
];

/** The named schemas of these operations. */
export const retrainSchemas: NamedSchemas = { RetrainRequest: retrainBody, RetrainJob: jobSchema };
