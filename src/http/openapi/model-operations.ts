import { z } from 'zod';
import { manifestSchema } from '../../artefacts/manifest.ts';
import { jobSchema } from '../../maintenance/retraining/job.ts';
import type { ProblemType } from '../../platform/problems.ts';
import { activateBody, canaryBody, rollbackBody, shadowBody } from '../routes/roles.ts';
import { comparisonSchema } from './comparison-schema.ts';
import { maintenanceReport } from './maintenance-operations.ts';
import { bodyProblems, modelName, type NamedSchemas, type Operation } from './operation.ts';

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
  shadow: z.string().nullable().meta({ description: 'The version that scores beside it and answers nobody' }),
  canary: z
    .string()
    .nullable()
    .meta({ description: 'The version that answers a share of the requests for the bare name' }),
  canaryShare: z.number().min(0).max(1).nullable(),
  versions: z.array(version).meta({ description: 'Newest first' }),
});

/** Why one of a model's fields is `null`, as problem details. */
const absence = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  traceId: z.string().optional(),
});

/** One model alone says more of itself than among others. */
const report = model.extend({
  comparison: comparisonSchema.nullable(),
  missing: z
    .object({ comparison: absence })
    .optional()
    .meta({ description: 'What could not be told, and the problem that it met; only where there is any' }),
  retrain: jobSchema.nullable().meta({ description: 'The last retraining' }),
  maintenance: maintenanceReport,
});

const roleAction = z.enum(['activate', 'rollback', 'shadow', 'canary']);

const change = z.object({
  revision: z.int().nonnegative().meta({ description: 'Of the roles that it led to; 0 where none were written' }),
  at: z.iso.datetime(),
  actor: z.string().meta({ description: 'The origin of the change, such as `api` or `policy`' }),
  action: roleAction,
  reason: z.string(),
  from: z.string().nullable().meta({ description: 'The version that had the role before' }),
  to: z.string().nullable().meta({ description: 'The version that has it now' }),
  share: z.number().optional(),
  who: z.string().meta({ description: 'The former name of `actor`', deprecated: true }),
  what: roleAction.meta({ description: 'The former name of `action`', deprecated: true }),
  why: z.string().meta({ description: 'The former name of `reason`', deprecated: true }),
});

const changeProblems: readonly ProblemType[] = [
  ...bodyProblems,
  'model-not-found',
  'version-not-found',
  'models-read-only',
  'model-damaged',
  'not-ready',
];

/** The routes that give a model's versions their roles. */
const roleOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/models/{name}/activate',
    id: 'activateVersion',
    tag: 'Models',
    summary: 'Makes a version the one that answers for the bare name, in every process',
    parameters: [modelName],
    request: { schema: activateBody, examples: { 'with a reason': { version: '2', reason: 'better on recent mail' } } },
    response: { description: 'The model', schema: report },
    problems: changeProblems,
  },
  {
    method: 'post',
    path: '/models/{name}/rollback',
    id: 'rollBack',
    tag: 'Models',
    summary: 'Makes the version active again that was active before and can be used',
    parameters: [modelName],
    request: { schema: rollbackBody, examples: { 'nothing to say': {} } },
    response: { description: 'The model', schema: report },
    problems: [...changeProblems, 'nothing-to-roll-back'],
  },
  {
    method: 'post',
    path: '/models/{name}/shadow',
    id: 'setShadow',
    tag: 'Models',
    summary: 'Lets a version score beside the active one and answer nobody; `null` ends that',
    parameters: [modelName],
    request: { schema: shadowBody, examples: { 'a version': { version: '2' }, none: { version: null } } },
    response: { description: 'The model', schema: report },
    problems: [...changeProblems, 'version-active'],
  },
  {
    method: 'post',
    path: '/models/{name}/canary',
    id: 'setCanary',
    tag: 'Models',
    summary: 'Lets a version answer a share of the requests for the bare name; `null` ends that',
    description:
      'Which requests is decided by a hash of the `x-canary-key` header, or of the trace id where there is none: the same key gets the same version.',
    parameters: [modelName],
    request: {
      schema: canaryBody,
      examples: { 'a tenth': { version: '2', share: 0.1 }, none: { version: null } },
    },
    response: { description: 'The model', schema: report },
    problems: [...changeProblems, 'version-active'],
  },
  {
    method: 'get',
    path: '/models/{name}/changes',
    id: 'listChanges',
    tag: 'Models',
    summary: 'Who changed which role, when and why: the last hundred changes, latest first',
    parameters: [modelName],
    response: { description: 'The changes', schema: z.object({ changes: z.array(change) }) },
    problems: ['model-not-found', 'not-ready'],
  },
];

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
    summary: 'One model and its versions, and how those on trial compare with the active one',
    parameters: [modelName],
    response: { description: 'The model', schema: report },
    problems: ['model-not-found', 'not-ready'],
  },
  ...roleOperations,
];

export const modelSchemas: NamedSchemas = {
  Model: model,
  ModelReport: report,
  Comparison: comparisonSchema,
  ModelVersion: version,
  ModelChange: change,
  ActivateRequest: activateBody,
  RollbackRequest: rollbackBody,
  ShadowRequest: shadowBody,
  CanaryRequest: canaryBody,
};
