import type { DriftMonitor } from '../../drift/drift-monitor.ts';
import {
  type Experiment,
  FAILED_BUCKET,
  type HourOfPairs,
  type UsageRole,
} from '../../feedback/database/experiment.ts';
import { hourOf } from '../../feedback/database/feedback.ts';
import { experimentOf, versionKeyOf } from '../../feedback/experiment-log.ts';
import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { ModelVersion, ModelVersions } from '../../models/store.ts';
import { type Arm, readArm } from './arm-hours.ts';
import { evidenceOfArms, evidenceOfPairs, evidenceOfReports, sumArm } from './evidence.ts';
import type { Measurements, ShadowMeasurements, UsageTotal, VersionMeasurements } from './measurement-types.ts';
import { readRoleTimes } from './role-times.ts';
import { agreementOf, pairedCounts, summariseUsage } from './summaries.ts';

/** The sources of measurements. */
export interface MeasurementSources {
  readonly registry: Pick<ModelRegistry, 'roles' | 'changes'>;
  readonly feedbackStore: Pick<FeedbackStore, 'counts' | 'hours' | 'experiments'>;
  readonly driftMonitor: Pick<DriftMonitor, 'report'>;
}

/** The period for which predictions, errors and latencies are counted. */
const MAX_WINDOW_MS = 3_600_000;

/** The clocks of replicas differ by less than this. Records of a later time exist if the clock was ahead once. */
const MAX_SKEW_MS = 60_000;

/** Returns the end of all periods: records of a later time are given up until that time has come. */
export function periodEnd(now: number): number {
  return now + MAX_SKEW_MS;
}

/** Returns the start of the period in which a version's predictions are counted: its time in the role, one hour at most. */
export function windowStart(since: number, now: number): number {
  return Math.max(since, now - MAX_WINDOW_MS);
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
  const since = await readRoleTimes(versions, registry, now);
  const until = periodEnd(now);
  const readActive = (from: number) => readArm(active, 'active', { since: from, until }, feedbackStore);
  const usageSince = (from: number) =>
    measureTotal(active, 'active', { since: from, until }, feedbackStore.experiments);
  const [ofActive, ofShadow, shadowBeside, ofCanary, canaryBeside, beside, canaryArm, activeArm, feedbackWithText] =
    await Promise.all([
      measureUsage(active, 'active', since.active, feedbackStore, now),
      shadow && measureShadow(active, shadow, since.shadow, sources, now),
      shadow && usageSince(since.shadow),
      canary && measureUsage(canary.model, 'canary', since.canary, feedbackStore, now),
      canary && usageSince(since.canary),
      canary && readActive(since.canary),
      canary && readArm(canary.model, 'canary', { since: since.canary, until }, feedbackStore),
      readActive(since.active),
      feedbackStore.experiments.textCount(name, since.active),
    ]);
  const { verdict, features } = driftMonitor.report(active);
  return {
    now,
    active: { ...ofActive, ...labelsOf(activeArm) },
    ...(ofShadow && { shadow: { ...ofShadow, beside: shadowBeside! } }),
    ...(ofCanary && {
      canary: {
        ...ofCanary,
        ...labelsOf(canaryArm!),
        beside: canaryBeside!,
        share: canary!.share,
        evidence: evidenceOfArms(beside!.hours, canaryArm!.hours),
        reportedMore: evidenceOfReports(beside!.reports, canaryArm!.reports),
      },
      besideCanary: sumArm(beside!.hours).all,
    }),
    drift: { verdict, psi: Math.max(...features.map(({ psi }) => psi)) },
    feedbackWithText,
  };
}

/** Returns the labels of a version in its role. */
function labelsOf({ hours, reports }: Arm): Pick<VersionMeasurements, 'feedback' | 'coverage' | 'reports'> {
  const { all, asked } = sumArm(hours);
  return {
    feedback: { count: all.count, correct: all.correct },
    coverage: { due: all.due, labelled: all.count, asked: asked.due, reviewed: asked.count },
    reports,
  };
}

async function measureShadow(
  active: ModelVersion,
  shadow: ModelVersion,
  since: number,
  { feedbackStore }: MeasurementSources,
  now: number,
): Promise<Omit<ShadowMeasurements, 'beside'>> {
  const { experiments } = feedbackStore;
  const experiment = experimentOf(active, shadow);
  const [usage, pairs, evaluatedPairs, hours] = await Promise.all([
    measureUsage(shadow, 'shadow', since, feedbackStore, now),
    experiments.pairs(experiment),
    experiments.evaluatedPairs(experiment),
    readPairHours(experiment, experiments, now),
  ]);
  const { count, agreed } = agreementOf(pairs);
  const paired = pairedCounts(evaluatedPairs);
  const { bothRight, onlyActive, onlyShadow, neither } = paired;
  const evidence = evidenceOfPairs(hours);
  return {
    ...usage,
    feedback: { count: bothRight + onlyActive + onlyShadow + neither, correct: bothRight + onlyShadow },
    coverage: evidence.coverage,
    reports: { predictions: 0, objections: 0 },
    agreement: count === 0 ? null : agreed / count,
    evidence,
    paired,
  };
}

async function measureUsage(
  model: ModelVersion,
  role: UsageRole,
  since: number,
  { experiments }: Pick<FeedbackStore, 'experiments'>,
  now: number,
): Promise<Omit<VersionMeasurements, 'feedback' | 'coverage' | 'reports'>> {
  const { name, version, manifest } = model;
  const use = role === 'shadow' ? 'shadow' : 'answer';
  const [minutes, total] = await Promise.all([
    experiments.minuteCounts(name, version, use, windowStart(since, now), now),
    measureTotal(model, role, { since, until: periodEnd(now) }, experiments),
  ]);
  const { predictions, errors, p99 } = summariseUsage(minutes);
  const { accuracy: trainingAccuracy, count: trainingTexts } = manifest.evaluation;
  const { artefact } = versionKeyOf(model);
  return { version, artefact, since, predictions, errors, p99Seconds: p99, total, trainingAccuracy, trainingTexts };
}

/** Reads the disagreements of two versions up to now, by the hour of the prediction. */
export async function readPairHours(
  experiment: Experiment,
  { pairHours }: Pick<FeedbackStore['experiments'], 'pairHours'>,
  now: number,
): Promise<HourOfPairs[]> {
  const end = hourOf(periodEnd(now));
  return (await pairHours(experiment)).filter(({ hour }) => hour <= end);
}

/** Adds up the texts that a version scored in one role. */
export async function measureTotal(
  model: ModelVersion,
  role: UsageRole,
  { since, until = Number.POSITIVE_INFINITY }: { since: number; until?: number },
  { slots }: Pick<FeedbackStore['experiments'], 'slots'>,
): Promise<UsageTotal> {
  const rows = await slots({ ...versionKeyOf(model), role, kind: 'duration', since });
  const counts = new Map<number, number>();
  for (const { bin, slot, count } of rows) if (slot < until) counts.set(bin, (counts.get(bin) ?? 0) + count);
  const errors = counts.get(FAILED_BUCKET) ?? 0;
  counts.delete(FAILED_BUCKET);
  const durations = [...counts].map(([bucket, count]) => ({ bucket, count }));
  return { predictions: durations.reduce((sum, { count }) => sum + count, 0), errors, durations };
}
