import type { Policy } from '../../models/policy-file.ts';
import type { Service } from './breaches.ts';
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
function accuracyHasDropped(policy: Policy, measured: PolicyMeasurements): boolean {
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

function observeActive(policy: Policy, state: PolicyState, { active, previous }: PolicyMeasurements): PolicyState {
  const known = state.active;
  const service = serviceOf(active);
  if (!known) return { ...state, active: { ...service, since: active.since, replaced: null } };
  if (known.version !== active.version) return becameActive(state, service, active.since, previous);
  // Counts begin anew with a process: what was measured of more predictions says more.
  const telling = active.predictions >= Math.min(known.predictions, policy.rollback.minimumPredictions);
  return telling ? { ...state, active: { ...known, ...service } } : state;
}

/**
 * Remembers that another version is active now.
 *
 * @param previous the version that a rollback would go to, where it is not the one that was seen last
 */
export function becameActive(
  state: PolicyState,
  service: Service,
  since: number,
  previous: string | undefined,
): PolicyState {
  const { version } = service;
  const left = state.active && serviceOf(state.active);
  const goneBack = state.formerly.includes(version);
  const replaced =
    previous === undefined || previous === left?.version
      ? left
      : { version: previous, predictions: 0, errors: 0, p99Seconds: null };
  const others = state.formerly.filter((former) => former !== left?.version && former !== version);
  return {
    ...state,
    active: { ...service, since, replaced: goneBack ? null : replaced },
    // What was taken back is nothing to go back to, and fresh once more should somebody activate it again.
    formerly: goneBack || !left ? others : [...others, left.version].slice(-remembered),
    holds: {},
  };
}

function serviceOf({ version, predictions, errors, p99Seconds }: Service): Service {
  return { version, predictions, errors, p99Seconds };
}
