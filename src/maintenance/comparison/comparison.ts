import { type MatrixQuality, qualityFromCounts, ratio } from '../../classifier/statistics/confusion-matrix.ts';
import type { DriftVerdict } from '../../classifier/statistics/drift-test.ts';
import { evidenceOfBetter, mcnemar } from '../../classifier/statistics/binomial-tests.ts';
import { compareShares, type ShareComparison, type Tally } from '../../classifier/statistics/two-proportions.ts';
import { type Interval, wilsonInterval } from '../../classifier/statistics/wilson.ts';
import type { LabelPair, VersionUse } from '../../feedback/experiment.ts';
import type { Canary, Model, ModelVersions } from '../../models/store.ts';
import type { PairedCounts } from './measurement-types.ts';
import { countedSince, type MeasurementSources, type RoleTimes, roleTimes } from './measurements.ts';
import { agreementOf, confusionOf, pairedCounts, tallyOf } from './pairs.ts';
import { summariseUsage, type Usage } from './usage.ts';

/** How the versions on trial compare with the active one; null where there is none. */
export interface Comparison {
  readonly shadow: ShadowComparison | null;
  readonly canary: CanaryComparison | null;
}

interface ExperimentComparison {
  readonly version: string;
  /** When it took its role, in ISO 8601. */
  readonly since: string;
  /** Texts that it scored in its role, and that it failed to score: since it took it, or in the last hour if that is shorter. */
  readonly predictions: number;
  readonly errors: number;
  /** How many times as long as the active version it took in that time; null where either scored nothing. */
  readonly latencyRatio: { readonly p50: number | null; readonly p99: number | null };
  readonly meanConfidence: number | null;
  readonly activeMeanConfidence: number | null;
  /** Of the last hour. */
  readonly drift: DriftVerdict;
}

export interface ShadowComparison extends ExperimentComparison {
  /** The share of texts that both labelled alike, of all that both ever scored. */
  readonly agreement: number | null;
  /** 95 %. */
  readonly agreementInterval: Interval;
  readonly disagreements: readonly LabelPair[];
  readonly feedback: {
    readonly count: number;
    readonly accuracy: number | null;
    /** Of the active version, on the same texts. */
    readonly activeAccuracy: number | null;
    readonly confusionMatrix: MatrixQuality['confusionMatrix'];
    readonly paired: PairedCounts;
  };
  readonly test: {
    readonly method: 'mcnemar';
    /** For one look: two-sided. */
    readonly exact: number;
    readonly midP: number;
    /** For any number of looks: e-values, that the shadow is better, and that it is worse. */
    readonly better: number;
    readonly worse: number;
  };
}

export interface CanaryComparison extends ExperimentComparison {
  readonly share: number;
  readonly feedback: Tally & { readonly accuracy: number | null; readonly accuracyInterval: Interval };
  /** Of the active version, since the canary began. */
  readonly activeFeedback: Tally & { readonly accuracy: number | null; readonly accuracyInterval: Interval };
  readonly test: {
    readonly method: 'mixture-sprt';
    /** The canary's accuracy less the active version's. */
    readonly difference: number | null;
    /** 95 % for all looks together. */
    readonly interval: Interval | null;
    readonly better: number;
    readonly worse: number;
  };
}

/** So many kinds of disagreement are told, the most frequent ones. */
const MOST_DISAGREEMENTS = 50;

/** Compares the versions on trial with the active one, by what all processes took down and the feedback that came in. */
export async function compareVersions(
  versions: ModelVersions,
  sources: MeasurementSources,
  now = Date.now(),
): Promise<Comparison> {
  const { active, shadow, canary } = versions;
  if (!shadow && !canary) return { shadow: null, canary: null };
  const since = await roleTimes(versions, sources.registry);
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
  const experiment = { model: active.name, active: active.version, shadow: shadow.version };
  const [comparison, pairs, judged] = await Promise.all([
    compareExperiment(active, shadow, 'shadow', since.shadow, sources, now),
    experiments.pairs(experiment),
    experiments.evaluatedPairs(experiment),
  ]);
  const { count, agreed } = agreementOf(pairs);
  const paired = pairedCounts(judged);
  const quality = qualityFromCounts(confusionOf(judged, 'shadowLabel'));
  const activeTally = tallyOf(confusionOf(judged, 'activeLabel'));
  return {
    ...comparison,
    agreement: count === 0 ? null : agreed / count,
    agreementInterval: wilsonInterval(agreed, count),
    disagreements: pairs
      .filter(({ activeLabel, shadowLabel }) => activeLabel !== shadowLabel)
      .sort((a, b) => b.count - a.count)
      .slice(0, MOST_DISAGREEMENTS),
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
  const tally = async ({ name, version }: Model) =>
    tallyOf(await sources.feedbackStore.counts(name, version, since.canary));
  const [comparison, ofActive, ofCanary] = await Promise.all([
    compareExperiment(active, model, 'answer', since.canary, sources, now),
    tally(active),
    tally(model),
  ]);
  const { difference, interval, greater, smaller }: ShareComparison = compareShares(ofActive, ofCanary);
  return {
    ...comparison,
    share,
    feedback: withAccuracy(ofCanary),
    activeFeedback: withAccuracy(ofActive),
    test: { method: 'mixture-sprt', difference, interval, better: greater, worse: smaller },
  };
}

/** What is compared alike of a shadow and of a canary. */
async function compareExperiment(
  active: Model,
  model: Model,
  use: VersionUse,
  since: number,
  { feedbackStore, driftMonitor }: MeasurementSources,
  now: number,
): Promise<ExperimentComparison> {
  const counted = countedSince(since, now);
  const usage = async ({ name, version }: Model, as: VersionUse): Promise<Usage> =>
    summariseUsage(await feedbackStore.experiments.minuteCounts(name, version, as, counted));
  const [ofActive, ofModel] = await Promise.all([usage(active, 'answer'), usage(model, use)]);
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

function quotient(some: number | null, other: number | null): number | null {
  return some === null || other === null ? null : some / other;
}

function withAccuracy(tally: Tally) {
  return { ...tally, accuracy: accuracyOf(tally), accuracyInterval: wilsonInterval(tally.correct, tally.count) };
}

function accuracyOf({ count, correct }: Tally): number | null {
  return count === 0 ? null : ratio(correct, count);
}
