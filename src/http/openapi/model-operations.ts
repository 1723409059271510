import { z } from 'zod';
import { manifestSchema } from '../../artefacts/manifest.ts';
import { jobSchema } from '../../maintenance/retraining/job.ts';
import type { ProblemType } from '../../platform/problems.ts';
import { activateBody, canaryBody, rollbackBody, shadowBody } from '../routes/roles.ts';
import { comparisonSchema } from './comparison-schema.ts';
import { maintenanceReport } from './maintenance-operations.ts';
import { BODY_PROBLEMS, modelName, type NamedSchemas, type Operation } from './operation.ts';

const [linear, natural, encoder, remote] = manifestSchema.options;

const version = z.object({
  version: z.string(),
  algorithm: z.union([
    linear.shape.algorithm,
    natural.shape.algorithm,
    encoder.shape.algorithm,
    remote.shape.algorithm,
  ]),
  labels: z.array(z.string()),
  sha256: z.string().meta({ description: 'The digest of the weights file' }),
  signedBy: z
    .string()
    .nullable()
    .meta({ description: 'The key or the certificate that signed the version; `null` if no signature is needed' }),
  training: linear.shape.training,
  evaluation: linear.shape.evaluation.nullable(),
  loaded: z.boolean().meta({
    description:
      'Whether the version is in the memory of the answering process. Another version is loaded when a request names it',
  }),
});

const refusedVersions = z
  .array(
    z.object({
      model: z.string(),
      version: z.string(),
      kind: z.enum(['unsigned', 'signature', 'damaged']),
      reason: z.string(),
    }),
  )
  .meta({ description: 'Stored versions that cannot be used; one of the same name can still be in memory' });

const model = z.object({
  name: z.string(),
  active: z.string().meta({ description: 'The version that answers requests for the name of the model' }),
  shadow: z
    .string()
    .nullable()
    .meta({ description: 'The version that scores the same texts as the active one, and answers no request' }),
  canary: z
    .string()
    .nullable()
    .meta({ description: 'The version that answers a share of the requests for the name of the model' }),
  canaryShare: z.number().min(0).max(1).nullable(),
  versions: z.array(version).meta({ description: 'Newest first' }),
});

/** The reason why a field of a model is `null`, as problem details. */
const absence = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  traceId: z.string().optional(),
});

/** The answer for a single model, which has more fields than a model in a list. */
const report = model.extend({
  refused: refusedVersions,
  comparison: comparisonSchema.nullable(),
  missing: z
    .object({ comparison: absence.optional(), retrain: absence.optional(), maintenance: absence.optional() })
    .optional()
    .meta({ description: 'The problem for each field that is `null` because of an error; absent without errors' }),
  retrain: jobSchema.nullable().meta({ description: 'The last retraining' }),
  maintenance: maintenanceReport.nullable(),
});

const roleAction = z.enum(['activate', 'rollback', 'shadow', 'canary']);

const change = z.object({
  revision: z
    .int()
    .nonnegative()
    .meta({ description: 'The revision of the resulting roles; 0 if no roles were written' }),
  at: z.iso.datetime(),
  actor: z.string().meta({ description: 'The origin of the change, such as `api` or `policy`' }),
  action: roleAction,
  reason: z.string(),
  from: z.string().nullable().meta({ description: 'The version that had the role before' }),
  to: z.string().nullable().meta({ description: 'The version that has the role now' }),
  share: z.number().optional(),
  who: z.string().meta({ description: 'The former name of `actor`', deprecated: true }),
  what: roleAction.meta({ description: 'The former name of `action`', deprecated: true }),
  why: z.string().meta({ description: 'The former name of `reason`', deprecated: true }),
});

const CHANGE_PROBLEMS: readonly ProblemType[] = [
  ...BODY_PROBLEMS,
  'model-not-found',
  'version-not-found',
  'models-read-only',
  'model-damaged',
  'storage-unavailable',
  'not-ready',
];

/** The operations on the roles of a model's versions. */
const roleOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/models/{name}/activate',
    id: 'activateVersion',
    tag: 'Models',
    summary: 'Makes a version the active one, in every process',
    parameters: [modelName],
    request: { schema: activateBody, examples: { 'with a reason': { version: '2', reason: 'better on recent mail' } } },
    response: { description: 'The model', schema: report },
    problems: CHANGE_PROBLEMS,
  },
  {
    method: 'post',
    path: '/models/{name}/rollback',
    id: 'rollBack',
    tag: 'Models',
    summary: 'Activates the latest formerly active version that can be used',
    parameters: [modelName],
    request: { schema: rollbackBody, examples: { 'without a reason': {} } },
    response: { description: 'The model', schema: report },
    problems: [...CHANGE_PROBLEMS, 'nothing-to-roll-back'],
  },
  {
    method: 'post',
    path: '/models/{name}/shadow',
    id: 'setShadow',
    tag: 'Models',
    summary:
      'Sets the shadow, which scores the same texts as the active version and answers no request; `null` removes it',
    parameters: [modelName],
    request: { schema: shadowBody, examples: { 'a version': { version: '2' }, none: { version: null } } },
    response: { description: 'The model', schema: report },
    problems: [...CHANGE_PROBLEMS, 'version-active'],
  },
  {
    method: 'post',
    path: '/models/{name}/canary',
    id: 'setCanary',
    tag: 'Models',
    summary: 'Sets the canary, which answers a share of the requests for the name of the model; `null` removes it',
    description:
      'A hash of the `x-canary-key` header, or of the trace id without this header, decides which version answers. The same key gets the same version.',
    parameters: [modelName],
    request: {
      schema: canaryBody,
      examples: { 'a tenth': { version: '2', share: 0.1 }, none: { version: null } },
    },
    response: { description: 'The model', schema: report },
    problems: [...CHANGE_PROBLEMS, 'version-active'],
  },
  {
    method: 'get',
    path: '/models/{name}/changes',
    id: 'listChanges',
    tag: 'Models',
    summary: 'Lists the last hundred changes of roles, latest first',
    parameters: [modelName],
    response: { description: 'The changes', schema: z.object({ changes: z.array(change) }) },
    problems: ['model-not-found', 'storage-unavailable', 'not-ready'],
  },
];

/** The operations of `/models`. */
export const modelOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/models',
    id: 'listModels',
    tag: 'Models',
    summary: 'Lists the models and their versions, with the evaluation of each version',
    response: {
      description: 'The loaded models',
      schema: z.object({ models: z.array(model), refused: refusedVersions }),
    },
    problems: ['not-ready'],
  },
  {
    method: 'get',
    path: '/models/{name}',
    id: 'showModel',
    tag: 'Models',
    summary: 'Returns a model and its versions, with a comparison of shadow and canary to the active version',
    parameters: [modelName],
    response: { description: 'The model', schema: report },
    problems: ['model-not-found', 'not-ready'],
  },
  ...roleOperations,
];

/** The named schemas of `/models`. */
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
