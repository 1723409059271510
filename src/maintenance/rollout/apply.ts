import type { Policy } from '../../models/policy-file.ts';
import type { ChangedBy, RoleChange } from '../../models/roles.ts';
import type { Decided } from './policy-state.ts';

/** What carries decisions out. */
export interface Hands {
  readonly change: (model: string, change: RoleChange, by: ChangedBy) => Promise<unknown>;
  readonly retrain: (model: string, by: ChangedBy) => Promise<unknown>;
}

/** Does what a policy decided, in its name and for its reason. */
export async function apply(
  { change, retrain }: Hands,
  model: string,
  policy: Policy,
  decided: Decided,
): Promise<void> {
  const { action, reason } = decided;
  const by = { who: 'policy', why: reason };
  const version = decided.version ?? '';
  switch (action) {
    case 'retrain':
      await retrain(model, by);
      return;
    case 'canary':
      await change(model, { what: 'canary', version, share: policy.promote.canaryShare }, by);
      return;
    case 'promote':
      await change(model, { what: 'activate', version }, by);
      return;
    case 'rollback':
      await change(model, { what: 'rollback' }, by);
      return;
    case 'drop-shadow':
      await change(model, { what: 'shadow', version: null }, by);
      return;
    case 'drop-canary':
      await change(model, { what: 'canary', version: null }, by);
      return;
  }
}
