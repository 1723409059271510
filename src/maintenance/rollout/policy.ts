import type { Policy } from '../../models/policy-file.ts';
import { percent, unprovenBy } from './breaches.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Action, Decision, PolicyState } from './policy-state.ts';
import { isDropProven, lowestAccuracy, resolvePending, updateFromMeasurements } from './state-updates.ts';
import { decideOnCanary, decideOnFreshVersion, decideOnShadow } from './version-decisions.ts';

/** For each action, the earlier actions that start its cool-down: the same action, and those after which nothing new starts. */
const COOL_DOWN_AFTER: Readonly<Record<Action, readonly Action[]>> = {
  retrain: ['retrain', 'promote', 'rollback', 'drop-shadow', 'drop-canary'],
  canary: ['canary', 'promote', 'rollback', 'drop-canary'],
  promote: ['promote', 'rollback', 'drop-canary'],
  rollback: ['rollback'],
  'drop-shadow': ['drop-shadow'],
  'drop-canary': ['drop-canary'],
};

/**
 * Decides on a model by its policy, and returns the new state. The function is pure, and the measurements hold the time:
 * the same measurements lead to the same decision, also after a restart.
 *
 * The first action that applies is chosen, in this order: roll back a fresh active version that breaches the policy; drop
 * the canary for a breach, or promote it; drop the shadow for a breach, or make it canary; retrain. A model has one
 * candidate at a time.
 */
export function decide(
  policy: Policy,
  before: PolicyState,
  measurements: PolicyMeasurements,
): { readonly state: PolicyState; readonly decision: Decision } {
  const state = updateFromMeasurements(policy, resolvePending(before, measurements), measurements);
  const decision = chooseDecision(policy, state, measurements);
  if (decision.action === 'none') return { state, decision };
  const coolDownUntil = endOfCoolDown(policy, state, decision.action, measurements.now);
  return { state, decision: { ...decision, coolDownUntil } };
}

function chooseDecision(policy: Policy, state: PolicyState, measurements: PolicyMeasurements): Decision {
  const rollback = decideOnFreshVersion(policy, state, measurements);
  if (rollback) return rollback;
  if (measurements.canary) return decideOnCanary(policy, state, measurements);
  if (measurements.shadow) return decideOnShadow(policy, measurements);
  return decideOnRetraining(policy, state, measurements);
}

/** Decides to retrain if drift or a lower accuracy has lasted, and there is enough feedback that no training has used. */
function decideOnRetraining(policy: Policy, { holds, tried }: PolicyState, measurements: PolicyMeasurements): Decision {
  const { now, recent, drift, feedbackWithText } = measurements;
  const { retrain } = policy;
  const secondsSince = (time: number | undefined) => (time === undefined ? null : (now - time) / 1_000);
  const [driftSeconds, dropSeconds] = [secondsSince(holds.drift), secondsSince(holds.accuracyDrop)];
  const accuracy = recent.count === 0 ? null : recent.correct / recent.count;
  const numbers = {
    driftSeconds,
    psi: drift.psi,
    dropSeconds,
    accuracy,
    lowestAccuracy: lowestAccuracy(policy, measurements),
    feedback: recent.count,
    feedbackWithText,
  };
  const symptoms = [
    ...(dropSeconds !== null && dropSeconds >= retrain.accuracyDrop.forSeconds
      ? [
          `its accuracy, ${percent(accuracy ?? 0)} of ${recent.count} labels, has been below ${percent(numbers.lowestAccuracy)} for ${Math.round(dropSeconds)} s`,
        ]
      : []),
    ...(driftSeconds !== null && drift.verdict === 'drift' && driftSeconds >= retrain.drift.forSeconds
      ? [
          `its texts have differed from the training texts for ${Math.round(driftSeconds)} s (stability index ${drift.psi.toFixed(2)})`,
        ]
      : []),
  ];
  const used = tried?.active === measurements.active.version ? tried.feedbackWithText : 0;
  const unused = Math.max(0, feedbackWithText - used);
  const none = (reason: string): Decision => ({ action: 'none', reason, numbers });
  if (measurements.retraining) return none('a retraining is running');
  if (symptoms.length === 0) return none('the active version performs as it did in training');
  const reason = symptoms.join(', and ');
  const available = `labelled texts are available for training${used > 0 ? ' since the last retraining' : ''}`;
  if (unused < retrain.minimumFeedback)
    return none(`${reason}; but only ${unused} of ${retrain.minimumFeedback} ${available}`);
  const decision = { action: 'retrain' as const, version: null, reason: `${reason}; ${unused} ${available}`, numbers };
  const hasDrifted = driftSeconds !== null && drift.verdict === 'drift' && driftSeconds >= retrain.drift.forSeconds;
  if (hasDrifted || isDropProven(policy, measurements)) return decision;
  const unproven = unprovenBy(policy, 0, 1, measurements.active.coverage) ?? '';
  return { ...decision, reason: `${decision.reason}; ${unproven}`, unproven };
}

/** Returns the end of an action's cool-down in milliseconds; undefined where the action may start now. */
function endOfCoolDown(policy: Policy, state: PolicyState, action: Action, now: number): number | undefined {
  const last = Math.max(...COOL_DOWN_AFTER[action].map((other) => state.lastAt[other] ?? Number.NEGATIVE_INFINITY));
  const end = last + policy.cooldownSeconds * 1_000;
  return end > now ? end : undefined;
}
