import { z } from 'zod';

/** The actions that a policy can decide on. */
export const ACTIONS = ['retrain', 'canary', 'promote', 'rollback', 'drop-shadow', 'drop-canary'] as const;
export type Action = (typeof ACTIONS)[number];

/** Milliseconds since the epoch. */
const time = z.number();
const name = z.string();

/** A version with its last measurements that had enough predictions. */
const service = z.object({
  version: name,
  predictions: z.number(),
  errors: z.number(),
  p99Seconds: z.number().nullable(),
});

const actionDecision = z.object({
  action: z.enum(ACTIONS),
  /** The version that the action concerns; null for a retraining, which has no version yet. */
  version: name.nullable(),
  reason: z.string(),
  /** The measurements that the reason rests on. */
  numbers: z.record(z.string(), z.number().nullable()),
});

/** The schema of the state files. Its names stay as they are, because existing files must remain readable. */
export const stateSchema = z.object({
  format: z.literal(1),
  /** For each condition that holds now, the time since it has held without interruption. */
  holds: z.object({ drift: time.optional(), accuracyDrop: time.optional() }),
  active: service
    .extend({
      since: time,
      /** The version that it replaced, for comparison while it is fresh; null where it had been active before. */
      replaced: service.nullable(),
    })
    .nullable(),
  /** Versions that were active before and were not rolled back. A return to one of them does not make it fresh. */
  formerly: z.array(name),
  /** The artefacts of the versions that were last shadow, canary or active, by the name of the version. */
  artefacts: z.array(z.object({ version: name, artefact: name })).optional(),
  /** The candidate that was better as a shadow, with the confidence of its last evaluation as a shadow. */
  proven: z
    .object({
      version: name,
      confidence: z.number(),
      /** The same without an assumption about missing labels. */
      provenConfidence: z.number().optional(),
    })
    .nullable(),
  /** The feedback at the last retraining under this active version: the same feedback would give the same result. */
  tried: z.object({ active: name, feedbackWithText: z.number() }).nullable(),
  /** The time of the last action of each kind. */
  lastAt: z.partialRecord(z.enum(ACTIONS), time),
  lastAction: actionDecision.extend({ at: time }).nullable(),
  /** An action that is written before it is carried out, so that a crash neither loses nor repeats it. */
  pending: actionDecision.extend({ at: time }).nullable(),
  /** An action that was decided on and not carried out. */
  recommendation: actionDecision
    .extend({
      /** The time of the first evaluation that recommended it. */
      since: time,
      /** The end of the cool-down that delays the action. */
      heldUntil: time.nullable(),
      /** The reason why the action failed. */
      failure: z.string().nullable(),
    })
    .nullable(),
  /** The recommendation that was logged last, so that it is logged once. */
  told: z.object({ what: z.string(), at: time }).nullable(),
  /** The time of the last evaluation. */
  evaluatedAt: time.nullable(),
  /** The reason why the last evaluation decided on no action. */
  waitingFor: z.string().nullable(),
});

/** The state of one model's policy between evaluations: plain data, stored as JSON. */
export type PolicyState = z.output<typeof stateSchema>;

/** A decision for an action. */
export type ActionDecision = z.output<typeof actionDecision>;

/** The result of an evaluation. */
export type Decision =
  | (ActionDecision & {
      /** The end of the cool-down that delays the action, in milliseconds; undefined where the action may start now. */
      readonly coolDownUntil?: number | undefined;
      /** The reason why the action is only recommended, in any mode; undefined where it may be carried out. */
      readonly unproven?: string | undefined;
    })
  | {
      readonly action: 'none';
      /** The condition that is not met yet. */
      readonly reason: string;
      readonly numbers: Readonly<Record<string, number | null>>;
    };

/** The state of a model without an evaluation. */
export const initialState: PolicyState = {
  format: 1,
  holds: {},
  active: null,
  formerly: [],
  proven: null,
  tried: null,
  lastAt: {},
  lastAction: null,
  pending: null,
  recommendation: null,
  told: null,
  evaluatedAt: null,
  waitingFor: null,
};
