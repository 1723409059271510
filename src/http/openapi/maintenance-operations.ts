import { z } from 'zod';
import { ACTIONS } from '../../maintenance/rollout/policy-state.ts';
import { evaluateBody } from '../routes/maintenance.ts';
import { BODY_PROBLEMS, type NamedSchemas, type Operation } from './operation.ts';

const time = z.iso.datetime();

const decision = z.object({
  action: z.enum(ACTIONS),
  version: z.string().nullable().meta({ description: 'The version of the action; null for a training' }),
  reason: z.string(),
  numbers: z.record(z.string(), z.number().nullable()).meta({ description: 'The measurements behind the reason' }),
});

/** The schema of `maintenance` in a model. */
export const maintenanceReport = z.object({
  mode: z
    .enum(['recommend', 'automatic', 'off'])
    .meta({ description: '`off` if the policy or its state cannot be used' }),
  problem: z.string().nullable().meta({ description: 'The fault of the policy or its state' }),
  recommendation: decision
    .extend({
      since: time,
      heldUntil: time.nullable().meta({ description: 'The end of the cool-down that delays the action' }),
      failure: z.string().nullable().meta({ description: 'The reason why the action failed' }),
    })
    .nullable(),
  waitingFor: z
    .string()
    .nullable()
    .meta({ description: 'The condition that is not met yet, if nothing is recommended' }),
  lastAction: decision.extend({ at: time }).nullable(),
  cooldownUntil: time.nullable().meta({ description: 'No training starts before this time' }),
  evaluatedAt: time.nullable(),
});

const evaluation = decision.extend({
  model: z.string(),
  action: z.enum(['none', ...ACTIONS]),
  applied: z.boolean().meta({ description: 'True if the action was applied, false if it was only recommended' }),
});

/** The operations under `/maintenance`. */
export const maintenanceOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/maintenance/evaluate',
    id: 'evaluateModels',
    tag: 'Models',
    summary: 'Evaluates models now, and applies or recommends actions by their policies',
    description:
      "The body is that of Alertmanager's webhook. It evaluates the models in the label `model` of the alerts, or all models if no alert has the label. It ignores models that are not loaded.",
    request: {
      schema: evaluateBody,
      examples: {
        'all models': {},
        'an alert': {
          version: '4',
          status: 'firing',
          alerts: [{ labels: { alertname: 'ModelDrift', model: 'spam' } }],
        },
      },
    },
    response: {
      description: 'The evaluations',
      schema: z.object({ evaluations: z.array(evaluation) }),
      example: {
        evaluations: [
          {
            model: 'spam',
            action: 'none',
            version: null,
            reason: 'the active version performs as it did in training',
            numbers: { psi: 0.02, accuracy: 0.98, feedback: 412, feedbackWithText: 390 },
            applied: false,
          },
        ],
      },
    },
    problems: [...BODY_PROBLEMS, 'feedback-unavailable', 'storage-unavailable', 'not-ready'],
  },
];

/** The named schemas of these operations. */
export const maintenanceSchemas: NamedSchemas = { EvaluateRequest: evaluateBody, Maintenance: maintenanceReport };
