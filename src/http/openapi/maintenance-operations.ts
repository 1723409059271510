import { z } from 'zod';
import { ACTIONS } from '../../maintenance/rollout/policy-state.ts';
import { evaluateBody } from '../routes/maintenance.ts';
import { bodyProblems, type NamedSchemas, type Operation } from './operation.ts';

const time = z.iso.datetime();

const decided = z.object({
  action: z.enum(ACTIONS),
  version: z.string().nullable().meta({ description: 'The version that it is about; null for a training' }),
  reason: z.string(),
  numbers: z.record(z.string(), z.number().nullable()).meta({ description: 'What the reason rests on' }),
});

/** What the monitoring makes of a model. */
export const maintenanceReport = z.object({
  mode: z
    .enum(['recommend', 'automatic', 'off'])
    .meta({ description: 'Off where the policy, or what it remembers, cannot be used' }),
  problem: z.string().nullable().meta({ description: 'What is wrong with it' }),
  recommendation: decided
    .extend({
      since: time,
      heldUntil: time.nullable().meta({ description: 'Until when the cool-down holds it up' }),
      failure: z.string().nullable().meta({ description: 'Why it could not be done' }),
    })
    .nullable(),
  waitingFor: z.string().nullable().meta({ description: 'What is waited for, where nothing is recommended' }),
  lastAction: decided.extend({ at: time }).nullable(),
  cooldownUntil: time.nullable().meta({ description: 'Until then no training begins' }),
  evaluatedAt: time.nullable(),
});

const evaluation = decided.extend({
  model: z.string(),
  action: z.enum(['none', ...ACTIONS]),
  applied: z.boolean().meta({ description: 'Whether it was done, or only recommended' }),
});

/** `/maintenance`. */
export const maintenanceOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/maintenance/evaluate',
    id: 'evaluateModels',
    tag: 'Models',
    summary: 'Looks at the models now: does, or recommends, what their policies say',
    description:
      "Made for Alertmanager's webhook: the models that the alerts name in their label `model` are looked at, or all of them. Names of models that are not loaded are passed over.",
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
      description: 'What each look came to',
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
    problems: [...bodyProblems, 'feedback-unavailable', 'not-ready'],
  },
];

export const maintenanceSchemas: NamedSchemas = { EvaluateRequest: evaluateBody, Maintenance: maintenanceReport };
