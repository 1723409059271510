import type { Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { ModelVersion, ModelVersions } from '../../models/store.ts';
import { type Period, readArm } from '../comparison/arm-hours.ts';
import { type Evidence, evidenceOfArms, fill, sumArm } from '../comparison/evidence.ts';
import type { Measurements, UsageTotal } from '../comparison/measurement-types.ts';
import { gatherMeasurements, type MeasurementSources, measureTotal, periodEnd } from '../comparison/measurements.ts';
import type { Retrainer } from '../retraining/retrainer.ts';
import type { PolicyState } from './policy-state.ts';

/** The measurements that a policy decides on: those of each role, and those of the versions to compare with. */
export interface PolicyMeasurements extends Measurements {
  /** Labels of the active version's predictions in the last `retrain.accuracyDrop.windowSeconds`. */
  readonly recent: Tally;
  /**
   * The same with a label for each prediction, and for each prediction that was picked for review: the missing labels are
   * correct. If one of these accuracies is too low, the missing labels do not matter.
   */
  readonly recentAtBest: readonly Tally[];
  /** The version that a rollback would activate. */
  readonly previous?: string | undefined;
  /** The version that the active version replaced, in the time before the replacement. */
  readonly replaced?: ReplacedMeasurements;
  /** True while a retraining is running. */
  readonly retraining: boolean;
}

/** The measurements of the version that the active version replaced. */
export interface ReplacedMeasurements {
  readonly feedback: Tally;
  readonly total: UsageTotal;
  /** The evidence about the active version against this one. */
  readonly evidence: Evidence;
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
  const { active } = measurements;
  const { windowSeconds } = policy.retrain.accuracyDrop;
  const previous = sources.registry.roles(name)?.previous[0];
  const replacedVersion = state.active?.version === active.version ? state.active.replaced?.version : previous;
  const replacedModel = versions.versions.find(({ version }) => version === replacedVersion);
  const recentPeriod = { since: Math.max(active.since, now - windowSeconds * 1_000), until: periodEnd(now) };
  const [recent, replaced, jobs] = await Promise.all([
    readArm(versions.active, 'active', recentPeriod, sources.feedbackStore),
    replacedModel &&
      measureReplaced(versions.active, replacedModel, policy, { since: active.since, until: periodEnd(now) }, sources),
    sources.retrainer.list(name),
  ]);
  const { all, asked } = sumArm(recent.hours);
  return {
    ...measurements,
    recent: { count: all.count, correct: all.correct },
    recentAtBest: [fill(all, true), fill(asked, true)],
    previous,
    ...(replaced && { replaced }),
    retraining: jobs.some((job) => job.state === 'running'),
  };
}

async function measureReplaced(
  active: ModelVersion,
  replaced: ModelVersion,
  { rollback }: Policy,
  period: Required<Period>,
  { feedbackStore }: PolicyMeasurementSources,
): Promise<ReplacedMeasurements> {
  const before = { since: period.since - rollback.freshForSeconds * 1_000, until: period.since };
  // As canary it answered a random part of the same requests, perhaps just before it became active.
  const [activeArm, replacedArm, canaryArm, total] = await Promise.all([
    readArm(active, 'active', period, feedbackStore),
    readArm(replaced, 'active', before, feedbackStore),
    readArm(replaced, 'canary', before, feedbackStore),
    measureTotal(replaced, 'active', before, feedbackStore.experiments),
  ]);
  const hours = [...replacedArm.hours, ...canaryArm.hours].sort((a, b) => a.hour - b.hour);
  const { count, correct } = sumArm(hours).all;
  return { feedback: { count, correct }, total, evidence: evidenceOfArms(hours, activeArm.hours) };
}
