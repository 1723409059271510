import type { DriftMonitor } from '../../drift/drift-monitor.ts';
import type { VersionUse } from '../../feedback/database/experiment.ts';
import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { Model, ModelVersions } from '../../models/store.ts';
import type { Measurements, ShadowMeasurements, VersionMeasurements } from './measurement-types.ts';
import { agreementOf, pairedCounts, summariseUsage, tallyOf } from './summaries.ts';

/** The sources of measurements. */
export interface MeasurementSources {
  readonly registry: Pick<ModelRegistry, 'roles' | 'changes'>;
  readonly feedbackStore: Pick<FeedbackStore, 'counts' | 'experiments'>;
  readonly driftMonitor: Pick<DriftMonitor, 'report'>;
}

/** The times when the current versions took their roles, in milliseconds since the epoch. */
export interface RoleTimes {
  readonly active: number;
  readonly shadow: number;
  readonly canary: number;
}

/** The period for which predictions, errors and latencies are counted. */
const MAX_WINDOW_MS = 3_600_000;

/** Returns the start of the period in which a version's predictions are counted: its time in the role, one hour at most. */
export function windowStart(since: number, now: number): number {
  return Math.max(since, now - MAX_WINDOW_MS);
}

/** Reads from the audit trail when the versions took their current roles. */
export async function readRoleTimes(
  { name, shadow, canary }: ModelVersions,
  registry: MeasurementSources['registry'],
): Promise<RoleTimes> {
  const active = registry.roles(name)?.activeSince ?? 0;
  const changes = shadow || canary ? await registry.changes(name) : [];
  const since = (action: 'shadow' | 'canary', version: string | undefined) =>
    changes.find((change) => change.action === action && change.to === version)?.at ?? active;
  return { active, shadow: since('shadow', shadow?.version), canary: since('canary', canary?.model.version) };
}

/**
 * Measures a model's versions in their roles, from the records of all processes of this machine and from the feedback.
 *
 * @param now in milliseconds since the epoch
 */
export async function gatherMeasurements(
  versions: ModelVersions,
  sources: MeasurementSources,
  now = Date.now(),
): Promise<Measurements> {
  const { name, active, shadow, canary } = versions;
  const { feedbackStore, driftMonitor, registry } = sources;
  const since = await readRoleTimes(versions, registry);
  const [ofActive, ofShadow, ofCanary, feedbackWithText] = await Promise.all([
    measureAnswering(active, since.active, sources, now),
    shadow && measureShadow(active, shadow, since.shadow, sources, now),
    canary && measureAnswering(canary.model, since.canary, sources, now),
    feedbackStore.experiments.textCount(name, since.active),
  ]);
  const { verdict, features } = driftMonitor.report(active);
  return {
    now,
    active: ofActive,
    ...(ofShadow && { shadow: ofShadow }),
    ...(ofCanary && { canary: { ...ofCanary, share: canary!.share } }),
    drift: { verdict, psi: Math.max(...features.map(({ psi }) => psi)) },
    feedbackWithText,
  };
}

async function measureAnswering(
  model: Model,
  since: number,
  { feedbackStore }: MeasurementSources,
  now: number,
): Promise<VersionMeasurements> {
  const [usage, counts] = await Promise.all([
    measureUsage(model, 'answer', since, feedbackStore, now),
    feedbackStore.counts(model.name, model.version, since),
  ]);
  return { ...usage, feedback: tallyOf(counts) };
}

async function measureShadow(
  active: Model,
  shadow: Model,
  since: number,
  { feedbackStore }: MeasurementSources,
  now: number,
): Promise<ShadowMeasurements> {
  const { experiments } = feedbackStore;
  const experiment = { model: active.name, active: active.version, shadow: shadow.version };
  const [usage, pairs, evaluatedPairs] = await Promise.all([
    measureUsage(shadow, 'shadow', since, feedbackStore, now),
    experiments.pairs(experiment),
    experiments.evaluatedPairs(experiment),
  ]);
  const { count, agreed } = agreementOf(pairs);
  const paired = pairedCounts(evaluatedPairs);
  const { bothRight, onlyActive, onlyShadow, neither } = paired;
  return {
    ...usage,
    feedback: { count: bothRight + onlyActive + onlyShadow + neither, correct: bothRight + onlyShadow },
    agreement: count === 0 ? null : agreed / count,
    paired,
  };
}

async function measureUsage(
  { name, version, manifest }: Model,
  use: VersionUse,
  since: number,
  { experiments }: Pick<FeedbackStore, 'experiments'>,
  now: number,
): Promise<Omit<VersionMeasurements, 'feedback'>> {
  const minutes = await experiments.minuteCounts(name, version, use, windowStart(since, now));
  const { predictions, errors, p99 } = summariseUsage(minutes);
  const trainingAccuracy = manifest.evaluation.accuracy;
  return { version, since, predictions, errors, p99Seconds: p99, trainingAccuracy };
}
