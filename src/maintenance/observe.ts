import type { Policy } from './policy-file.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { PolicyState } from './policy-state.ts';

const remembered = 50;

/** Takes into the state what the measurements say by themselves: which version is active, and what holds since when. */
export function observe(policy: Policy, before: PolicyState, measured: PolicyMeasurements): PolicyState {
  const state = observeActive(policy, before, measured);
  const { now, drift } = measured;
  const { holds } = state;
  // An unsure verdict neither begins a drift nor ends one: traffic has pauses.
  const driftSince =
    drift.verdict === 'drift' ? (holds.drift ?? now) : drift.verdict === 'stable' ? undefined : holds.drift;
  const dropSince = accuracyHasDropped(policy, measured) ? (holds.accuracyDrop ?? now) : undefined;
  return {
    ...state,
    holds: {
      ...(driftSince !== undefined && { drift: driftSince }),
      ...(dropSince !== undefined && { accuracyDrop: dropSince }),
    },
  };
}

/** Whether the recent accuracy is too far below the training's to be chance. */
export function accuracyHasDropped(policy: Policy, measured: PolicyMeasurements): boolean {
  const { count, correct } = measured.recent;
  if (count === 0 || count < policy.retrain.accuracyDrop.minimumFeedback) return false;
  return correct / count < lowestAccuracy(policy, measured);
}

/** The accuracy below which the active version has lost some, at as many labels as there are. */
export function lowestAccuracy(policy: Policy, { active, recent }: PolicyMeasurements): number {
  const { points, sigmas } = policy.retrain.accuracyDrop;
  const expected = active.trainingAccuracy;
  return expected - points - sigmas * Math.sqrt((expected * (1 - expected)) / Math.max(1, recent.count));
}

function observeActive(policy: Policy, state: PolicyState, { active }: PolicyMeasurements): PolicyState {
  const known = state.active;
  const { version, since } = active;
  const service = { version, predictions: active.predictions, errors: active.errors, p99Seconds: active.p99Seconds };
  if (!known) return { ...state, active: { ...service, since, replaced: null } };
  if (known.version === version) {
    // Counts begin anew with a process: what was measured of more predictions says more.
    const telling = active.predictions >= Math.min(known.predictions, policy.rollback.minimumPredictions);
    return telling ? { ...state, active: { ...known, ...service } } : state;
  }
  const goneBack = state.formerly.includes(version);
  const { since: _since, replaced: _replaced, ...left } = known;
  return {
    ...state,
    active: { ...service, since, replaced: goneBack ? null : left },
    // What was taken back is nothing to go back to, and fresh once more should somebody activate it again.
    formerly: goneBack
      ? state.formerly.filter((former) => former !== left.version && former !== version)
      : [...state.formerly.filter((former) => former !== left.version), left.version].slice(-remembered),
    holds: {},
  };
}
