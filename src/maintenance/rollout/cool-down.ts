import type { Policy } from '../../models/policy-file.ts';
import type { Action, PolicyState } from './policy-state.ts';

/** Which actions hold up an action for a cool-down: itself always, and nothing is begun soon after something was taken back. */
const heldBy: Readonly<Record<Action, readonly Action[]>> = {
  retrain: ['retrain', 'promote', 'rollback', 'drop-shadow', 'drop-canary'],
  canary: ['canary', 'promote', 'rollback', 'drop-canary'],
  promote: ['promote', 'rollback', 'drop-canary'],
  rollback: ['rollback'],
  'drop-shadow': ['drop-shadow'],
  'drop-canary': ['drop-canary'],
};

/** Until when an action may not be taken, in milliseconds; undefined where it may. */
export function heldUntil(policy: Policy, state: PolicyState, action: Action, now: number): number | undefined {
  const last = Math.max(...heldBy[action].map((other) => state.lastAt[other] ?? Number.NEGATIVE_INFINITY));
  const until = last + policy.cooldownSeconds * 1_000;
  return until > now ? until : undefined;
}
