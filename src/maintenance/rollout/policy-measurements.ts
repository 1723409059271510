import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { ModelVersions } from '../../models/store.ts';
import type { Measurements } from '../comparison/measurement-types.ts';
import { gatherMeasurements, type MeasurementSources } from '../comparison/measurements.ts';
import { tallyOf } from '../comparison/summaries.ts';
import type { Retrainer } from '../retraining/retrainer.ts';
import type { PolicyState } from './policy-state.ts';

/** The measurements that a policy decides on: those of each role, and those of the versions to compare with. */
export interface PolicyMeasurements extends Measurements {
  /** Feedback on the active version's predictions in the last `retrain.accuracyDrop.windowSeconds`. */
  readonly recent: Tally;
  /** Feedback on the active version's predictions since the canary began. The hash of a key splits the requests. */
  readonly besideCanary?: Tally;
  /** The version that a rollback would activate. */
  readonly previous?: string | undefined;
  /** Feedback on the version that the active version replaced, for the time before the replacement. */
  readonly replaced?: Tally;
  /** True while a retraining is running. */
  readonly retraining: boolean;
}

/** The sources of a policy's measurements. */
export interface PolicyMeasurementSources extends MeasurementSources {
  readonly retrainer: Pick<Retrainer, 'list'>;
}

/**
 * Measures the versions in their roles, and the versions that they are compared with.
 *
 * @param state the policy's state, which knows the version that the active version replaced
 * @param now in milliseconds since the epoch
 */
export async function measureForPolicy(
  versions: ModelVersions,
  policy: Policy,
  state: PolicyState,
  sources: PolicyMeasurementSources,
  now = Date.now(),
): Promise<PolicyMeasurements> {
  const { name } = versions;
  const measurements = await gatherMeasurements(versions, sources, now);
  const { active, canary } = measurements;
  const { windowSeconds } = policy.retrain.accuracyDrop;
  const previous = sources.registry.roles(name)?.previous[0];
  const replacedVersion = state.active?.version === active.version ? state.active.replaced?.version : previous;
  const feedbackSince = async (version: string, since: number): Promise<Tally> =>
    tallyOf(await sources.feedbackStore.counts(name, version, since));
  const [recent, besideCanary, replaced, jobs] = await Promise.all([
    feedbackSince(active.version, Math.max(active.since, now - windowSeconds * 1_000)),
    canary && feedbackSince(active.version, canary.since),
    replacedVersion !== undefined &&
      feedbackSince(replacedVersion, active.since - policy.rollback.freshForSeconds * 1_000),
    sources.retrainer.list(name),
  ]);
  return {
    ...measurements,
    recent,
    previous,
    ...(besideCanary && { besideCanary }),
    ...(replaced && { replaced }),
    retraining: jobs.some((job) => job.state === 'running'),
  };
}
