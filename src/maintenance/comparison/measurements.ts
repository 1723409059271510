import type { DriftMonitor } from '../../drift/drift-monitor.ts';
import type { VersionUse } from '../../feedback/experiment.ts';
import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { Model, ModelVersions } from '../../models/store.ts';
import type { CanaryMeasurements, Measurements, ShadowMeasurements, VersionMeasurements } from './measurement-types.ts';
import { agreementOf, pairedCounts, tallyOf } from './pairs.ts';
import { summariseUsage } from './usage.ts';

/** Where measurements come from. */
export interface MeasurementSources {
  readonly registry: Pick<ModelRegistry, 'roles' | 'changes'>;
  readonly feedbackStore: Pick<FeedbackStore, 'counts' | 'experiments'>;
  readonly driftMonitor: Pick<DriftMonitor, 'report'>;
}

/** When each role was taken, in milliseconds since the epoch. */
export interface RoleTimes {
  readonly active: number;
  readonly shadow: number;
  readonly canary: number;
}

/** How far back predictions, errors and latency are counted. */
const HOUR_MS = 3_600_000;

/** The time from which on a version's predictions are counted: since it took its role, in the last hour at most. */
export function countedSince(since: number, now: number): number {
  return Math.max(since, now - HOUR_MS);
}

/** Finds out when the versions took the roles that they have, from the audit trail. */
export async function roleTimes(
  { name, shadow, canary }: ModelVersions,
  registry: MeasurementSources['registry'],
): Promise<RoleTimes> {
  const active = registry.roles(name)?.activeSince ?? 0;
  const changes = shadow || canary ? await registry.changes(name) : [];
  const since = (what: 'shadow' | 'canary', version: string | undefined) =>
    changes.find((change) => change.what === what && change.to === version)?.at ?? active;
  return { active, shadow: since('shadow', shadow?.version), canary: since('canary', canary?.model.version) };
}

/**
 * Measures a model's versions in their roles: by what all processes of this machine took down and the feedback that came in.
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
  const since = await roleTimes(versions, registry);
  const [ofActive, ofShadow, ofCanary, feedbackWithText] = await Promise.all([
    measureAnswering(active, since.active, sources, now),
    shadow && measureShadow(active, shadow, since.shadow, sources, now),
    canary && measureAnswering(canary.model, since.canary, sources, now),
    feedbackStore.experiments.textCount(name, since.active),
  ]);
  const { verdict, features } = driftMonitor.report(active);
  const onTrial: { shadow?: ShadowMeasurements; canary?: CanaryMeasurements } = {};
  if (ofShadow) onTrial.shadow = ofShadow;
  if (ofCanary) onTrial.canary = { ...ofCanary, share: canary!.share };
  return {
    now,
    active: ofActive,
    ...onTrial,
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
    usageOf(model, 'answer', since, feedbackStore, now),
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
  const [usage, pairs, judged] = await Promise.all([
    usageOf(shadow, 'shadow', since, feedbackStore, now),
    experiments.pairs(experiment),
    experiments.evaluatedPairs(experiment),
  ]);
  const { count, agreed } = agreementOf(pairs);
  const paired = pairedCounts(judged);
  const { bothRight, onlyActive, onlyShadow, neither } = paired;
  return {
    ...usage,
    feedback: { count: bothRight + onlyActive + onlyShadow + neither, correct: bothRight + onlyShadow },
    agreement: count === 0 ? null : agreed / count,
    paired,
  };
}

async function usageOf(
  { name, version, manifest }: Model,
  use: VersionUse,
  since: number,
  { experiments }: Pick<FeedbackStore, 'experiments'>,
  now: number,
): Promise<Omit<VersionMeasurements, 'feedback'>> {
  const minutes = await experiments.minuteCounts(name, version, use, countedSince(since, now));
  const { predictions, errors, p99 } = summariseUsage(minutes);
  const trainingAccuracy = manifest.evaluation.accuracy;
  return { version, since, predictions, errors, p99Seconds: p99, trainingAccuracy };
}
