import type { FeedbackAnswer, Model, ModelReference } from './answers.ts';
import type { CallOptions } from './transport.ts';

/** Options of a call that the audit trail records. */
export type ChangeOptions = CallOptions & { readonly reason?: string };

/** A model as a change of roles answers it. */
export interface ModelReport extends Model {
  readonly canaryShare: number | null;
  /** The comparison of shadow and canary with the active version. */
  readonly comparison: Readonly<Record<string, unknown>> | null;
  /** The last retraining. */
  readonly retrain: RetrainJob | null;
  /** The last evaluation of the model's policy. */
  readonly maintenance: Readonly<Record<string, unknown>> | null;
}

/** A change of roles in the audit trail. */
export interface RoleChange {
  readonly at: string;
  readonly actor: string;
  readonly action: 'activate' | 'rollback' | 'shadow' | 'canary';
  readonly reason: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly share?: number;
}

/** A retraining. */
export interface RetrainJob {
  readonly id: string;
  readonly model: string;
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number };
  /** The new version; `null` until it is written. */
  readonly version: string | null;
  readonly failure: { readonly reason: string; readonly detail: string } | null;
}

/** A prediction that waits for a reviewed label. */
export interface Review {
  readonly id: string;
  readonly model: ModelReference;
  readonly time: string;
  readonly prediction: string;
  readonly confidence: number;
}

/** The distance of the last hour's predictions from the training data. */
export interface Drift {
  readonly model: ModelReference;
  readonly windowSeconds: number;
  readonly predictions: number;
  readonly verdict: 'stable' | 'drift' | 'unsure';
  readonly features: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The calls that show and change models and labels. Most need a token with the scope `read` or `manage`. */
export interface Management {
  /** Returns one model with the comparison of its versions. */
  model(name: string, options?: CallOptions): Promise<ModelReport>;
  /** Returns the last hundred changes of roles, latest first. */
  changes(name: string, options?: CallOptions): Promise<readonly RoleChange[]>;
  /** Makes a version the active one. */
  activate(name: string, version: string, options?: ChangeOptions): Promise<ModelReport>;
  /** Sets the version that scores beside the active one; `null` removes it. */
  shadow(name: string, version: string | null, options?: ChangeOptions): Promise<ModelReport>;
  /** Sets the version that answers a share of the requests; `null` removes it. */
  canary(name: string, version: string | null, options?: ChangeOptions & { share?: number }): Promise<ModelReport>;
  /** Activates the version that was active before. It is never retried: twice would go back twice. */
  rollback(name: string, options?: ChangeOptions): Promise<ModelReport>;
  /** Starts a retraining. It is never retried. */
  retrain(name: string, options?: ChangeOptions): Promise<RetrainJob>;
  /** Returns the last retrainings, latest first. */
  retrainings(name: string, options?: CallOptions): Promise<readonly RetrainJob[]>;
  /** Returns one retraining. */
  retraining(name: string, id: string, options?: CallOptions): Promise<RetrainJob>;
  /** Cancels a retraining. One that has ended stays as it is. */
  cancelRetraining(name: string, id: string, options?: CallOptions): Promise<RetrainJob>;
  /** Evaluates the policies of all models at once. */
  evaluate(options?: CallOptions): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Replaces the label of a feedback. */
  correctFeedback(id: string, label: string, options?: CallOptions): Promise<FeedbackAnswer>;
  /** Deletes the label and the text of a feedback. */
  eraseFeedback(id: string, options?: CallOptions): Promise<{ readonly id: string; readonly erased: true }>;
  /** Returns the predictions that wait for a reviewed label, oldest first. */
  reviews(options?: CallOptions & { model?: string; limit?: number }): Promise<readonly Review[]>;
  /** Returns the distance of the last hour from the training data. */
  drift(options?: CallOptions & { model?: string }): Promise<Drift>;
}

/** Makes one call. */
export type MakeCall = <T>(
  path: string,
  options: CallOptions,
  body?: unknown,
  way?: { readonly method?: 'PUT' | 'DELETE'; readonly once?: boolean },
) => Promise<T>;

/** Returns a query string with the values that are defined. */
export function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const defined = Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return defined.length === 0 ? '' : `?${new URLSearchParams(defined).toString()}`;
}

/** Creates the calls that show and change models and labels. */
export function createManagement(call: MakeCall): Management {
  const model = (name: string, action = '') => `/models/${encodeURIComponent(name)}${action}`;
  const retraining = (name: string, id: string) => model(name, `/retrain/${encodeURIComponent(id)}`);
  const feedback = (id: string) => `/feedback/${encodeURIComponent(id)}`;
  const withReason = (reason: string | undefined) => (reason === undefined ? {} : { reason });
  type Job = { readonly job: RetrainJob };
  return {
    model: (name, rest = {}) => call(model(name), rest),
    changes: async (name, rest = {}) =>
      (await call<{ changes: readonly RoleChange[] }>(model(name, '/changes'), rest)).changes,
    activate: (name, version, { reason, ...rest } = {}) =>
      call(model(name, '/activate'), rest, { version, ...withReason(reason) }),
    shadow: (name, version, { reason, ...rest } = {}) =>
      call(model(name, '/shadow'), rest, { version, ...withReason(reason) }),
    canary: (name, version, { reason, share, ...rest } = {}) => {
      const given = share === undefined ? {} : { share };
      return call(model(name, '/canary'), rest, { version, ...given, ...withReason(reason) });
    },
    rollback: (name, { reason, ...rest } = {}) =>
      call(model(name, '/rollback'), rest, withReason(reason), { once: true }),
    retrain: async (name, { reason, ...rest } = {}) =>
      (await call<Job>(model(name, '/retrain'), rest, withReason(reason), { once: true })).job,
    retrainings: async (name, rest = {}) =>
      (await call<{ jobs: readonly RetrainJob[] }>(model(name, '/retrain'), rest)).jobs,
    retraining: async (name, id, rest = {}) => (await call<Job>(retraining(name, id), rest)).job,
    cancelRetraining: async (name, id, rest = {}) =>
      (await call<Job>(retraining(name, id), rest, undefined, { method: 'DELETE' })).job,
    evaluate: async (rest = {}) => {
      type Evaluations = { readonly evaluations: readonly Readonly<Record<string, unknown>>[] };
      return (await call<Evaluations>('/maintenance/evaluate', rest, {})).evaluations;
    },
    correctFeedback: (id, label, rest = {}) => call(feedback(id), rest, { label }, { method: 'PUT' }),
    eraseFeedback: (id, rest = {}) => call(feedback(id), rest, undefined, { method: 'DELETE' }),
    reviews: async ({ model: name, limit, ...rest } = {}) =>
      (await call<{ reviews: readonly Review[] }>(`/reviews${queryOf({ model: name, limit })}`, rest)).reviews,
    drift: ({ model: name, ...rest } = {}) => call(`/drift${queryOf({ model: name })}`, rest),
  };
}
