import type { Policy } from '../../models/policy-file.ts';
import { percent } from './breaches.ts';
import { judgeCanary, judgeFresh, judgeShadow } from './candidate.ts';
import { heldUntil } from './cool-down.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import { becameActive, lowestAccuracy, observe } from './policy-memory.ts';
import type { Action, Decided, Decision, PolicyState } from './policy-state.ts';

/**
 * What should be done with a model, and what to remember of this look. Pure: time comes with the measurements, and the
 * same ones give the same decision, after a restart too.
 *
 * The first that applies: take back a fresh active version that breaches; take back a canary that does, or promote it;
 * drop a shadow that does, or make it a canary; train anew. There is one candidate at a time.
 */
export function decide(
  policy: Policy,
  before: PolicyState,
  measured: PolicyMeasurements,
): { readonly state: PolicyState; readonly decision: Decision } {
  const state = observe(policy, settled(before, measured), measured);
  const decision = judge(policy, state, measured);
  if (decision.action === 'none') return { state, decision };
  return { state, decision: { ...decision, heldUntil: heldUntil(policy, state, decision.action, measured.now) } };
}

/** What to remember when an action is taken. */
export function taken(state: PolicyState, { action, version, reason, numbers }: Decided, now: number): PolicyState {
  const proven = action === 'canary' && version !== null ? { version, confidence: numbers['confidence'] ?? 0 } : null;
  const tried =
    action === 'retrain' && state.active
      ? { active: state.active.version, feedbackWithText: numbers['feedbackWithText'] ?? 0 }
      : state.tried;
  // Another version may take its place before anybody looks again.
  const before =
    action === 'promote' && version !== null
      ? becameActive(state, { version, predictions: 0, errors: 0, p99Seconds: null }, now, undefined)
      : state;
  return {
    ...before,
    proven,
    tried,
    pending: null,
    recommendation: null,
    lastAt: { ...state.lastAt, [action]: now },
    lastAction: { action, version, reason, numbers, at: now },
  };
}

/** Whoever was about to act may have ended before writing that it did: the roles say whether it came to pass. */
function settled(state: PolicyState, { active, shadow, canary }: PolicyMeasurements): PolicyState {
  const { pending } = state;
  if (!pending) return state;
  const { version } = pending;
  const came: Record<Action, boolean> = {
    // That it began is not seen from here; to begin twice would be worse than to wait.
    retrain: true,
    canary: canary?.version === version || active.version === version,
    promote: active.version === version,
    rollback: active.version !== version,
    'drop-shadow': shadow?.version !== version,
    'drop-canary': canary?.version !== version,
  };
  return came[pending.action] ? taken(state, pending, pending.at) : { ...state, pending: null };
}

function judge(policy: Policy, state: PolicyState, measured: PolicyMeasurements): Decision {
  const back = judgeFresh(policy, state, measured);
  if (back) return back;
  if (measured.canary) return judgeCanary(policy, state, measured);
  if (measured.shadow) return judgeShadow(policy, measured);
  return judgeAge(policy, state, measured);
}

/** Whether the active version has become stale, for so long that it is no passing whim, and there is something to learn from. */
function judgeAge(policy: Policy, { holds, tried }: PolicyState, measured: PolicyMeasurements): Decision {
  const { now, recent, drift, feedbackWithText } = measured;
  const { retrain } = policy;
  const lasted = (since: number | undefined) => (since === undefined ? null : (now - since) / 1_000);
  const [driftSeconds, dropSeconds] = [lasted(holds.drift), lasted(holds.accuracyDrop)];
  const accuracy = recent.count === 0 ? null : recent.correct / recent.count;
  const numbers = {
    driftSeconds,
    psi: drift.psi,
    dropSeconds,
    accuracy,
    lowestAccuracy: lowestAccuracy(policy, measured),
    feedback: recent.count,
    feedbackWithText,
  };
  const reasons = [
    ...(dropSeconds !== null && dropSeconds >= retrain.accuracyDrop.forSeconds
      ? [
          `its accuracy, ${percent(accuracy ?? 0)} of ${recent.count} labels, has been below ${percent(numbers.lowestAccuracy)} for ${Math.round(dropSeconds)} s`,
        ]
      : []),
    ...(driftSeconds !== null && drift.verdict === 'drift' && driftSeconds >= retrain.drift.forSeconds
      ? [
          `its texts have looked unlike the training's for ${Math.round(driftSeconds)} s (stability index ${drift.psi.toFixed(2)})`,
        ]
      : []),
  ];
  const learned = tried?.active === measured.active.version ? tried.feedbackWithText : 0;
  const fresh = Math.max(0, feedbackWithText - learned);
  const none = (reason: string): Decision => ({ action: 'none', reason, numbers });
  if (measured.retraining) return none('a training is under way');
  if (reasons.length === 0) return none('the active version does what it did when it was trained');
  const why = reasons.join(', and ');
  const learnable = `texts with labels are there to learn from${learned > 0 ? ' that were not when it was last tried' : ''}`;
  if (fresh < retrain.minimumFeedback)
    return none(`${why}; but only ${fresh} of ${retrain.minimumFeedback} ${learnable}`);
  return { action: 'retrain', version: null, reason: `${why}; ${fresh} ${learnable}`, numbers };
}
