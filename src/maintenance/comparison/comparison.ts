import { evidenceOfBetter, mcnemar } from '../../classifier/statistics/binomial-tests.ts';
import { type MatrixQuality, qualityFromCounts, ratio } from '../../classifier/statistics/confusion-matrix.ts';
import type { DriftVerdict } from '../../classifier/statistics/drift-test.ts';
import { compareShares, type ShareComparison, type Tally } from '../../classifier/statistics/two-proportions.ts';
import { type Interval, wilsonInterval } from '../../classifier/statistics/wilson.ts';
import type { LabelPair, VersionUse } from '../../feedback/database/experiment.ts';
import { experimentOf } from '../../feedback/experiment-log.ts';
import type { Canary, Model, ModelVersions } from '../../models/store.ts';
import { readArm } from './arm-hours.ts';
import {
  type Coverage,
  type Evidence,
  evidenceOfArms,
  evidenceOfPairs,
  evidenceOfReports,
  type Reports,
  sumArm,
} from './evidence.ts';
import type { PairedCounts } from './measurement-types.ts';
import { type MeasurementSources, periodEnd, readPairHours, windowStart } from './measurements.ts';
import { type RoleTimes, readRoleTimes } from './role-times.ts';
import { agreementOf, confusionOf, pairedCounts, summariseUsage, tallyOf, type Usage } from './summaries.ts';

/** The comparisons of the shadow and of the canary with the active version; null where the model has none. */
export interface Comparison {
  readonly shadow: ShadowComparison | null;
  readonly canary: CanaryComparison | null;
}

/** The figures that a shadow and a canary have in common. */
interface VersionComparison {
  readonly version: string;
  /** The time when it took its role, in ISO 8601. */
  readonly since: string;
  /** The numbers of texts that it scored and failed to score in its role, in the last hour at most. */
  readonly predictions: number;
  readonly errors: number;
  /** Its latency divided by that of the active version in the same time; null where either scored nothing. */
  readonly latencyRatio: { readonly p50: number | null; readonly p99: number | null };
  readonly meanConfidence: number | null;
  readonly activeMeanConfidence: number | null;
  /** The verdict on its predictions of the last hour. */
  readonly drift: DriftVerdict;
}

/** The evidence that needs no assumption about missing labels, and the labels that there are. */
export type ProvenEvidence = Pick<Evidence, 'provenBetter' | 'provenWorse'> & { readonly coverage: Coverage };

export interface ShadowComparison extends VersionComparison {
  /** The share of texts with two equal labels, of all texts that both versions have scored. */
  readonly agreement: number | null;
  /** The 95 % confidence interval of the agreement (Wilson). */
  readonly agreementInterval: Interval;
  readonly disagreements: readonly LabelPair[];
  readonly feedback: {
    readonly count: number;
    readonly accuracy: number | null;
    /** The accuracy of the active version on the same texts. */
    readonly activeAccuracy: number | null;
    readonly confusionMatrix: MatrixQuality['confusionMatrix'];
    readonly paired: PairedCounts;
  };
  readonly test: ProvenEvidence & {
    readonly method: 'mcnemar';
    /** Two-sided p-values, valid for one evaluation. */
    readonly exact: number;
    readonly midP: number;
    /** E-values that the shadow is better, and that it is worse, valid for any number of evaluations. */
    readonly better: number;
    readonly worse: number;
  };
}

export interface CanaryComparison extends VersionComparison {
  readonly share: number;
  readonly feedback: Tally & { readonly accuracy: number | null; readonly accuracyInterval: Interval };
  /** Predictions that somebody reported as wrong, and the evidence that the canary has more, or fewer, than the active version. */
  readonly reports: Reports & { readonly active: Reports; readonly more: number; readonly fewer: number };
  /** Feedback on the active version since the canary began. */
  readonly activeFeedback: Tally & { readonly accuracy: number | null; readonly accuracyInterval: Interval };
  readonly test: ProvenEvidence & {
    readonly method: 'mixture-sprt';
    /** The accuracy of the canary minus that of the active version. */
    readonly difference: number | null;
    /** The 95 % confidence sequence of the difference, valid for any number of evaluations. */
    readonly interval: Interval | null;
    readonly better: number;
    readonly worse: number;
  };
}

/** The most frequent disagreements are reported, up to this number. */
const MAX_DISAGREEMENTS = 50;

/**
 * Compares the shadow and the canary with the active version, by the records of all processes and by the feedback.
 *
 * @param now in milliseconds since the epoch
 */
export async function compareVersions(
  versions: ModelVersions,
  sources: MeasurementSources,
  now = Date.now(),
): Promise<Comparison> {
  const { active, shadow, canary } = versions;
  if (!shadow && !canary) return { shadow: null, canary: null };
  const since = await readRoleTimes(versions, sources.registry, now);
  const [ofShadow, ofCanary] = await Promise.all([
    shadow ? compareShadow(active, shadow, since, sources, now) : null,
    canary ? compareCanary(active, canary, since, sources, now) : null,
  ]);
  return { shadow: ofShadow, canary: ofCanary };
}

async function compareShadow(
  active: Model,
  shadow: Model,
  since: RoleTimes,
  sources: MeasurementSources,
  now: number,
): Promise<ShadowComparison> {
  const { experiments } = sources.feedbackStore;
  const experiment = experimentOf(active, shadow);
  const [comparison, pairs, evaluatedPairs, hours] = await Promise.all([
    compareUsage(active, shadow, 'shadow', since.shadow, sources, now),
    experiments.pairs(experiment),
    experiments.evaluatedPairs(experiment),
    readPairHours(experiment, experiments, now),
  ]);
  const { count, agreed } = agreementOf(pairs);
  const paired = pairedCounts(evaluatedPairs);
  const quality = qualityFromCounts(confusionOf(evaluatedPairs, 'shadowLabel'));
  const activeTally = tallyOf(confusionOf(evaluatedPairs, 'activeLabel'));
  return {
    ...comparison,
    agreement: count === 0 ? null : agreed / count,
    agreementInterval: wilsonInterval(agreed, count),
    disagreements: pairs
      .filter(({ activeLabel, shadowLabel }) => activeLabel !== shadowLabel)
      .sort((a, b) => b.count - a.count)
      .slice(0, MAX_DISAGREEMENTS),
    feedback: {
      count: quality.count,
      accuracy: quality.count === 0 ? null : quality.accuracy,
      activeAccuracy: accuracyOf(activeTally),
      confusionMatrix: quality.confusionMatrix,
      paired,
    },
    test: {
      method: 'mcnemar',
      ...mcnemar(paired.onlyActive, paired.onlyShadow),
      better: evidenceOfBetter(paired.onlyActive, paired.onlyShadow),
      worse: evidenceOfBetter(paired.onlyShadow, paired.onlyActive),
      ...provenBy(evidenceOfPairs(hours)),
    },
  };
}

async function compareCanary(
  active: Model,
  { model, share }: Canary,
  since: RoleTimes,
  sources: MeasurementSources,
  now: number,
): Promise<CanaryComparison> {
  const { feedbackStore } = sources;
  const period = { since: since.canary, until: periodEnd(now) };
  const [comparison, activeArm, canaryArm] = await Promise.all([
    compareUsage(active, model, 'answer', since.canary, sources, now),
    readArm(active, 'active', period, feedbackStore),
    readArm(model, 'canary', period, feedbackStore),
  ]);
  const [ofActive, ofCanary] = [activeArm, canaryArm].map(({ hours }) => tallyOfArm(hours)) as [Tally, Tally];
  const { difference, interval, greater, smaller }: ShareComparison = compareShares(ofActive, ofCanary);
  const evidence = evidenceOfArms(activeArm.hours, canaryArm.hours);
  return {
    ...comparison,
    share,
    feedback: withAccuracy(ofCanary),
    activeFeedback: withAccuracy(ofActive),
    reports: {
      ...canaryArm.reports,
      active: activeArm.reports,
      more: evidenceOfReports(activeArm.reports, canaryArm.reports),
      fewer: evidenceOfReports(canaryArm.reports, activeArm.reports),
    },
    test: {
      method: 'mixture-sprt',
      difference,
      interval,
      better: greater,
      worse: smaller,
      ...provenBy(evidence),
    },
  };
}

function tallyOfArm(hours: Parameters<typeof sumArm>[0]): Tally {
  const { count, correct } = sumArm(hours).all;
  return { count, correct };
}

function provenBy({ provenBetter, provenWorse, coverage }: Evidence): ProvenEvidence {
  return { provenBetter, provenWorse, coverage };
}

async function compareUsage(
  active: Model,
  model: Model,
  use: VersionUse,
  since: number,
  { feedbackStore, driftMonitor }: MeasurementSources,
  now: number,
): Promise<VersionComparison> {
  const start = windowStart(since, now);
  const usageOf = async ({ name, version }: Model, as: VersionUse): Promise<Usage> =>
    summariseUsage(await feedbackStore.experiments.minuteCounts(name, version, as, start, now));
  const [ofActive, ofModel] = await Promise.all([usageOf(active, 'answer'), usageOf(model, use)]);
  return {
    version: model.version,
    since: new Date(since).toISOString(),
    predictions: ofModel.predictions,
    errors: ofModel.errors,
    latencyRatio: { p50: quotient(ofModel.p50, ofActive.p50), p99: quotient(ofModel.p99, ofActive.p99) },
    meanConfidence: ofModel.meanConfidence,
    activeMeanConfidence: ofActive.meanConfidence,
    drift: driftMonitor.report(model).verdict,
  };
}

function quotient(dividend: number | null, divisor: number | null): number | null {
  return dividend === null || divisor === null ? null : dividend / divisor;
}

function withAccuracy(tally: Tally) {
  return { ...tally, accuracy: accuracyOf(tally), accuracyInterval: wilsonInterval(tally.correct, tally.count) };
}

function accuracyOf({ count, correct }: Tally): number | null {
  return count === 0 ? null : ratio(correct, count);
}
