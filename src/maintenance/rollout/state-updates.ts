import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { ServiceFigures } from './breaches.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Action, ActionDecision, PolicyState } from './policy-state.ts';

const MAX_FORMER_VERSIONS = 50;

/** Returns the state after new measurements: the active version, and the start of each condition that holds. */
export function updateFromMeasurements(
  policy: Policy,
  before: PolicyState,
  measurements: PolicyMeasurements,
): PolicyState {
  const past = withoutFuture(before, measurements.now);
  const state = updateActive(policy, forgetReplacedArtefacts(past, measurements), measurements);
  const { now, drift } = measurements;
  const { holds } = state;
  // Traffic has pauses, so an unsure verdict neither starts nor ends a drift.
  const driftSince =
    drift.verdict === 'drift' ? (holds.drift ?? now) : drift.verdict === 'stable' ? undefined : holds.drift;
  const dropSince = hasAccuracyDropped(policy, measurements) ? (holds.accuracyDrop ?? now) : undefined;
  return {
    ...state,
    holds: {
      ...(driftSince !== undefined && { drift: driftSince }),
      ...(dropSince !== undefined && { accuracyDrop: dropSince }),
    },
  };
}

/**
 * Returns the state with `now` in place of times after now, which exist if the clock was ahead once. So a cool-down begins
 * again, and does not last until that time comes.
 */
function withoutFuture(state: PolicyState, now: number): PolicyState {
  const lastAt = Object.entries(state.lastAt).map(([action, at]) => [action, Math.min(at, now)]);
  const { lastAction, recommendation, told } = state;
  const { drift, accuracyDrop } = state.holds;
  return {
    ...state,
    lastAt: Object.fromEntries(lastAt),
    lastAction: lastAction && { ...lastAction, at: Math.min(lastAction.at, now) },
    recommendation: recommendation && { ...recommendation, since: Math.min(recommendation.since, now) },
    told: told && { ...told, at: Math.min(told.at, now) },
    holds: {
      ...(drift !== undefined && { drift: Math.min(drift, now) }),
      ...(accuracyDrop !== undefined && { accuracyDrop: Math.min(accuracyDrop, now) }),
    },
  };
}

/**
 * Returns the state without what belongs to other artefacts of the same numbers. A person can delete a version and write
 * another one under its number; the other one starts without a past.
 */
function forgetReplacedArtefacts(state: PolicyState, { active, shadow, canary }: PolicyMeasurements): PolicyState {
  const present = [active, shadow, canary].flatMap((one) =>
    one?.artefact === undefined ? [] : [{ version: one.version, artefact: one.artefact }],
  );
  const known = state.artefacts ?? [];
  const replaced = new Set(
    present
      .filter(({ version, artefact }) => known.some((one) => one.version === version && one.artefact !== artefact))
      .map(({ version }) => version),
  );
  const others = known.filter(({ version }) => !present.some((one) => one.version === version));
  const artefacts = [...others, ...present].slice(-MAX_FORMER_VERSIONS);
  if (replaced.size === 0) return present.length === 0 ? state : { ...state, artefacts };
  return {
    ...state,
    artefacts,
    active: state.active && replaced.has(state.active.version) ? null : state.active,
    formerly: state.formerly.filter((version) => !replaced.has(version)),
    proven: state.proven && replaced.has(state.proven.version) ? null : state.proven,
    tried: state.tried && replaced.has(state.tried.active) ? null : state.tried,
  };
}

/** Returns whether the recent accuracy is lower than chance can explain. */
function hasAccuracyDropped(policy: Policy, measurements: PolicyMeasurements): boolean {
  return isBelowTraining(policy, measurements, measurements.recent);
}

/** Returns whether the recent accuracy is lower than chance can explain, for any missing labels. */
export function isDropProven(policy: Policy, measurements: PolicyMeasurements): boolean {
  const tallies = policy.labels.fairSample ? [measurements.recent] : measurements.recentAtBest;
  return tallies.some((tally) => isBelowTraining(policy, measurements, tally));
}

function isBelowTraining(policy: Policy, measurements: PolicyMeasurements, { count, correct }: Tally): boolean {
  if (count === 0 || count < policy.retrain.accuracyDrop.minimumFeedback) return false;
  return correct / count < lowestAccuracy(policy, measurements, count);
}

/**
 * Returns the lowest accuracy that still agrees with the accuracy of the training, for the number of recent labels:
 * training accuracy - `points` - `sigmas` * standard error of the difference of two binomial proportions, sqrt(p (1 - p + 1/N)
 * (1/labels + 1/N)) with N texts in the evaluation of the training. 1/N allows for an error that so few texts may not show.
 */
export function lowestAccuracy(policy: Policy, { active, recent }: PolicyMeasurements, labels = recent.count): number {
  const { points, sigmas } = policy.retrain.accuracyDrop;
  const { trainingAccuracy: expected, trainingTexts } = active;
  const perText = 1 / Math.max(1, trainingTexts);
  const variance = expected * (1 - expected + perText) * (1 / Math.max(1, labels) + perText);
  return expected - points - sigmas * Math.sqrt(variance);
}

function updateActive(policy: Policy, state: PolicyState, { active, previous }: PolicyMeasurements): PolicyState {
  const known = state.active;
  const figures = figuresOf(active);
  if (!known) return { ...state, active: { ...figures, since: active.since, replaced: null } };
  if (known.version !== active.version) return changeActive(state, figures, active.since, previous);
  // A restarted process counts from zero. Figures from more predictions are more precise, so they are kept.
  const areEnough = active.predictions >= Math.min(known.predictions, policy.rollback.minimumPredictions);
  return areEnough ? { ...state, active: { ...known, ...figures } } : state;
}

/**
 * Returns the state after another version became active.
 *
 * @param since the time of the change, in milliseconds since the epoch
 * @param rollbackTarget the version that a rollback would activate; undefined where that is the last known active version
 */
function changeActive(
  state: PolicyState,
  figures: ServiceFigures,
  since: number,
  rollbackTarget: string | undefined,
): PolicyState {
  const { version } = figures;
  const last = state.active && figuresOf(state.active);
  const isReturn = state.formerly.includes(version);
  const replaced =
    rollbackTarget === undefined || rollbackTarget === last?.version
      ? last
      : { version: rollbackTarget, predictions: 0, errors: 0, p99Seconds: null };
  const others = state.formerly.filter((former) => former !== last?.version && former !== version);
  return {
    ...state,
    active: { ...figures, since, replaced: isReturn ? null : replaced },
    // A version that was rolled back is not listed, so that it is fresh again if a person activates it again.
    formerly: isReturn || !last ? others : [...others, last.version].slice(-MAX_FORMER_VERSIONS),
    holds: {},
  };
}

function figuresOf({ version, predictions, errors, p99Seconds }: ServiceFigures): ServiceFigures {
  return { version, predictions, errors, p99Seconds };
}

/**
 * Returns the state after an action.
 *
 * @param now in milliseconds since the epoch
 */
export function recordAction(
  state: PolicyState,
  { action, version, reason, numbers }: ActionDecision,
  now: number,
): PolicyState {
  const proven =
    action === 'canary' && version !== null
      ? { version, confidence: numbers['confidence'] ?? 0, provenConfidence: numbers['provenConfidence'] ?? 0 }
      : null;
  const tried =
    action === 'retrain' && state.active
      ? { active: state.active.version, feedbackWithText: numbers['feedbackWithText'] ?? 0 }
      : state.tried;
  // Another version may become active before the next evaluation, so the promotion is recorded now.
  const updated =
    action === 'promote' && version !== null
      ? changeActive(state, { version, predictions: 0, errors: 0, p99Seconds: null }, now, undefined)
      : state;
  return {
    ...updated,
    proven,
    tried,
    pending: null,
    recommendation: null,
    lastAt: { ...state.lastAt, [action]: now },
    lastAction: { action, version, reason, numbers, at: now },
  };
}

/**
 * Returns the state without a pending action. A process may have ended between the action and its record: the roles show
 * whether the action was carried out.
 */
export function resolvePending(state: PolicyState, { active, shadow, canary }: PolicyMeasurements): PolicyState {
  const { pending } = state;
  if (!pending) return state;
  const { version } = pending;
  const isDone: Record<Action, boolean> = {
    // The roles do not show whether a retraining started. A second retraining would be worse than a delay.
    retrain: true,
    canary: canary?.version === version || active.version === version,
    promote: active.version === version,
    rollback: active.version !== version,
    'drop-shadow': shadow?.version !== version,
    'drop-canary': canary?.version !== version,
  };
  return isDone[pending.action] ? recordAction(state, pending, pending.at) : { ...state, pending: null };
}
