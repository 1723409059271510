import type { Policy } from '../../models/policy-file.ts';
import type { ChangedBy, RoleChange } from '../../models/roles.ts';
import type { ActionDecision } from './policy-state.ts';

/** The operations that carry out decisions. */
export interface PolicyActions {
  readonly changeRole: (model: string, change: RoleChange, by: ChangedBy) => Promise<unknown>;
  readonly retrain: (model: string, by: ChangedBy) => Promise<unknown>;
}

/**
 * Carries out a decision. The audit trail names the policy as the actor, with the reason of the decision.
 *
 * @throws {Problem} if the registry or the retrainer refuses the action
 */
export async function applyDecision(
  { changeRole, retrain }: PolicyActions,
  model: string,
  policy: Policy,
  decision: ActionDecision,
): Promise<void> {
  const { action, reason } = decision;
  const by = { who: 'policy', why: reason };
  const version = decision.version ?? '';
  switch (action) {
    case 'retrain':
      await retrain(model, by);
      return;
    case 'canary':
      await changeRole(model, { what: 'canary', version, share: policy.promote.canaryShare }, by);
      return;
    case 'promote':
      await changeRole(model, { what: 'activate', version }, by);
      return;
    case 'rollback':
      await changeRole(model, { what: 'rollback' }, by);
      return;
    case 'drop-shadow':
      await changeRole(model, { what: 'shadow', version: null }, by);
      return;
    case 'drop-canary':
      await changeRole(model, { what: 'canary', version: null }, by);
      return;
  }
}
