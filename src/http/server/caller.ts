import type { Models } from '../../models/store.ts';
import { Problem } from '../../platform/problems.ts';
import type { PredictionCaller } from '../../predictions/prediction-origin.ts';
import { setSynthetic } from '../../telemetry/http-attributes.ts';
import type { RequestContext } from './context.ts';

/** The rights that a token can have. */
export const SCOPES = ['predict', 'explain', 'feedback', 'read', 'manage'] as const;

/** The right that a route needs. */
export type Scope = (typeof SCOPES)[number];

/** Matches the member `synthetic=true` of a `baggage` header (W3C Baggage), which may have properties. */
const SYNTHETIC = /(?:^|,)[ \t]*synthetic[ \t]*=[ \t]*true[ \t]*(?:[;,]|$)/;

/** A limit on a quantity per second. */
export interface Quota {
  /**
   * Takes an amount, or throws. An amount above one second's worth is taken once the quota is full, and delays what follows.
   *
   * @throws {Problem} 429 with `retry-after` if the quota is used up
   */
  take(amount: number): void;
  /** The quantity per second. */
  readonly perSecond: number;
  /** The name in `RateLimit` headers. */
  readonly name: 'requests' | 'characters';
  /** Returns what is left, and the seconds until the quota is full again, both as whole numbers. */
  state(): { remaining: number; reset: number };
}

/** The levels of detail of answers to a token, from the least to the most. */
export const ANSWERS = ['label', 'top', 'scores'] as const satisfies readonly PredictionCaller['answers'][];

/** The owner of a token. Its name is the actor in the audit trail. */
export interface Caller extends PredictionCaller {
  readonly scopes: ReadonlySet<Scope>;
  /** The names of the models that the token may use, or `undefined` for all models. */
  readonly models?: ReadonlySet<string> | undefined;
  readonly requests?: Quota | undefined;
  readonly characters?: Quota | undefined;
}

/**
 * Checks that the caller may use a model.
 *
 * @param reference `NAME` or `NAME@VERSION`
 * @throws {Problem} 403 if the token is limited to other models
 */
export function requireAllowedModel({ state: { caller } }: RequestContext, reference: string): void {
  if (caller?.models === undefined) return;
  const [name = ''] = reference.split('@', 1);
  if (caller.models.has(name)) return;
  throw new Problem('forbidden', `This token may use these models only: ${[...caller.models].join(', ')}.`);
}

/**
 * Checks that the caller has a scope that a part of a route needs in addition to that of the route.
 *
 * @throws {Problem} 403 if the token lacks the scope
 */
export function requireScope({ state: { caller } }: RequestContext, scope: Scope): void {
  if (caller !== undefined && !caller.scopes.has(scope)) throw missingScopeProblem(caller, scope);
}

/**
 * Checks that the caller may know the confidence of predictions. Requests with one minimum after the other would find it.
 *
 * @throws {Problem} 403 if the token gets labels only
 */
export function requireConfidence({ state: { caller } }: RequestContext): void {
  if (caller === undefined || caller.answers !== 'label') return;
  throw new Problem('forbidden', 'This token gets labels only, so its requests cannot have "minConfidence".');
}

/** Returns the problem of a token that lacks a scope. */
export function missingScopeProblem({ scopes }: Caller, scope: Scope): Problem {
  const held = scopes.size === 0 ? 'none' : [...scopes].join(', ');
  return new Problem('forbidden', `This route needs the scope "${scope}". The scopes of this token: ${held}.`, {
    'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"`,
  });
}

/** Returns the models that the caller may use. */
export function allowedModels({ state: { caller } }: RequestContext, models: Models): Models {
  const allowed = caller?.models;
  return allowed === undefined ? models : new Map([...models].filter(([name]) => allowed.has(name)));
}

/**
 * Counts the characters of texts on the quota of the caller.
 *
 * @throws {Problem} 429 if the quota is used up
 */
export function takeCharacters(ctx: RequestContext, texts: string | readonly string[]): void {
  const quota = ctx.state.caller?.characters;
  if (quota === undefined) return;
  try {
    quota.take(typeof texts === 'string' ? texts.length : texts.reduce((sum, { length }) => sum + length, 0));
  } finally {
    setQuotaHeaders(ctx);
  }
}

/** Sets the headers of the caller's quotas: those of the present IETF draft, and those of its early versions. */
export function setQuotaHeaders(ctx: RequestContext): void {
  const { caller } = ctx.state;
  const quotas = [caller?.requests, caller?.characters].filter((quota) => quota !== undefined);
  if (quotas.length === 0) return;
  const states = quotas.map((quota) => ({ ...quota.state(), name: quota.name, perSecond: quota.perSecond }));
  const policy = states.map(({ name, perSecond }) => `"${name}";q=${Math.ceil(perSecond)};w=1`);
  const limit = states.map(({ name, remaining, reset }) => `"${name}";r=${remaining};t=${reset}`);
  const [first] = states.toSorted((a, b) => a.remaining / a.perSecond - b.remaining / b.perSecond);
  ctx.set({
    'ratelimit-policy': policy.join(', '),
    ratelimit: limit.join(', '),
    'ratelimit-limit': String(Math.ceil(first!.perSecond)),
    'ratelimit-remaining': String(first!.remaining),
    'ratelimit-reset': String(first!.reset),
  });
}

/**
 * Returns whether a request is one of a load test, and lets its server span say so. Predictions for such a request are not
 * counted as uses of the model. So only callers with the scope `manage` may mark requests, or everybody if the service has no
 * tokens. From others the mark has no effect: their requests must not escape from the counts.
 */
export function isSynthetic({ req, res, state: { caller } }: RequestContext): boolean {
  const { baggage } = req.headers;
  if (baggage === undefined || !SYNTHETIC.test(String(baggage))) return false;
  if (caller !== undefined && !caller.scopes.has('manage')) return false;
  setSynthetic(res);
  return true;
}
