import type { Policy } from '../../models/policy-file.ts';
import type { ChangeAttribution, RoleChange } from '../../models/roles.ts';
import type { ActionDecision } from './policy-state.ts';

/** The operations that carry out decisions. */
export interface PolicyActions {
  readonly changeRole: (model: string, change: RoleChange, by: ChangeAttribution) => Promise<unknown>;
  readonly retrain: (model: string, by: ChangeAttribution) => Promise<unknown>;
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
  const by = { actor: 'policy', reason };
  const version = decision.version ?? '';
  switch (action) {
    case 'retrain':
      await retrain(model, by);
      return;
    case 'canary':
      await changeRole(model, { action: 'canary', version, share: policy.promote.canaryShare }, by);
      return;
    case 'promote':
      await changeRole(model, { action: 'activate', version }, by);
      return;
    case 'rollback':
      await changeRole(model, { action: 'rollback' }, by);
      return;
    case 'drop-shadow':
      await changeRole(model, { action: 'shadow', version: null }, by);
      return;
    case 'drop-canary':
      await changeRole(model, { action: 'canary', version: null }, by);
      return;
  }
}
