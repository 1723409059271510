import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { ModelVersions } from '../../models/store.ts';
import { gatherMeasurements, type MeasurementSources } from '../comparison/measurements.ts';
import { tallyOf } from '../comparison/pairs.ts';
import type { Retrainer } from '../retraining/retrainer.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { PolicyState } from './policy-state.ts';

/** Where a policy's measurements come from. */
export interface PolicySources extends MeasurementSources {
  readonly retrainer: Pick<Retrainer, 'list'>;
}

/**
 * Measures all that a policy looks at: the versions in their roles, and what they are compared with.
 *
 * @param state what the policy remembers: it knows which version the active one replaced
 * @param now in milliseconds since the epoch
 */
export async function measureForPolicy(
  versions: ModelVersions,
  policy: Policy,
  state: PolicyState,
  sources: PolicySources,
  now = Date.now(),
): Promise<PolicyMeasurements> {
  const { name } = versions;
  const measured = await gatherMeasurements(versions, sources, now);
  const { active, canary } = measured;
  const { windowSeconds } = policy.retrain.accuracyDrop;
  const previous = sources.registry.roles(name)?.previous[0];
  const replaced = state.active?.version === active.version ? state.active.replaced?.version : previous;
  const judgedSince = async (version: string, since: number): Promise<Tally> =>
    tallyOf(await sources.feedbackStore.counts(name, version, since));
  const [recent, besideCanary, before, jobs] = await Promise.all([
    judgedSince(active.version, Math.max(active.since, now - windowSeconds * 1_000)),
    canary && judgedSince(active.version, canary.since),
    replaced !== undefined && judgedSince(replaced, active.since - policy.rollback.freshForSeconds * 1_000),
    sources.retrainer.list(name),
  ]);
  return {
    ...measured,
    recent,
    previous,
    ...(besideCanary && { besideCanary }),
    ...(before && { replaced: before }),
    retraining: jobs.some((job) => job.state === 'running'),
  };
}
