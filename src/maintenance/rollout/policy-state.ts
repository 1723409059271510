import { z } from 'zod';

/** What a policy can come to want. */
export const actions = ['retrain', 'canary', 'promote', 'rollback', 'drop-shadow', 'drop-canary'] as const;
export type Action = (typeof actions)[number];

const time = z.number();
const name = z.string();

/** A version, and what it last did with enough predictions to go by. */
const service = z.object({
  version: name,
  predictions: z.number(),
  errors: z.number(),
  p99Seconds: z.number().nullable(),
});

const decided = z.object({
  action: z.enum(actions),
  /** The version that it is about; null for a training, whose version is not there yet. */
  version: name.nullable(),
  reason: z.string(),
  numbers: z.record(z.string(), z.number().nullable()),
});

export const stateSchema = z.object({
  format: z.literal(1),
  /** Since when each condition has held without a break. */
  holds: z.object({ drift: time.optional(), accuracyDrop: time.optional() }),
  active: service
    .extend({
      since: time,
      /** Whose place it took, where it was not active before: what it is compared with while it is fresh. */
      replaced: service.nullable(),
    })
    .nullable(),
  /** Versions that were active and were not taken back: going back to one of them is nothing fresh. */
  formerly: z.array(name),
  /** The candidate that the labels have shown to be better, and how sure that was when it was last looked at. */
  proven: z.object({ version: name, confidence: z.number() }).nullable(),
  /** What there was to learn from when the active version was last trained anew: to try that again would be no use. */
  tried: z.object({ active: name, feedbackWithText: z.number() }).nullable(),
  /** When each action was last taken. */
  lastAt: z.partialRecord(z.enum(actions), time),
  lastAction: decided.extend({ at: time }).nullable(),
  /** An action that was about to be taken when this was written. */
  pending: decided.extend({ at: time }).nullable(),
  /** What should be done and was not, since when. */
  recommendation: decided
    .extend({
      since: time,
      /** Until when the cool-down holds it up. */
      heldUntil: time.nullable(),
      /** Why it could not be done. */
      failure: z.string().nullable(),
    })
    .nullable(),
  /** What the last record in the log recommended, and when: it is told once. */
  told: z.object({ what: z.string(), at: time }).nullable(),
  /** The last look. */
  evaluatedAt: time.nullable(),
  /** What it found to be waiting for. */
  waitingFor: z.string().nullable(),
});

/** What a policy remembers of one model from one look to the next; plain data, kept on disk. */
export type PolicyState = z.output<typeof stateSchema>;

export type Decided = z.output<typeof decided>;

/** What a look at the measurements came to. */
export type Decision =
  | (Decided & {
      /** The cool-down holds it up until then, in milliseconds; undefined where it may be taken now. */
      readonly heldUntil?: number | undefined;
    })
  | {
      readonly action: 'none';
      /** What is waited for. */
      readonly reason: string;
      readonly numbers: Readonly<Record<string, number | null>>;
    };

/** Of a model that was never looked at. */
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
