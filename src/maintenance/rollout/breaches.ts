import { evidenceOfShareAbove } from '../../classifier/statistics/binomial-tests.ts';
import { evidenceOfGreater, type Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { Coverage, Evidence } from '../comparison/evidence.ts';
import type {
  CanaryMeasurements,
  PairedCounts,
  ShadowMeasurements,
  UsageTotal,
  VersionMeasurements,
} from '../comparison/measurement-types.ts';
import { confidenceOf } from './confidence.ts';
import { findLatencyBreach, type NamedUsage } from './latency.ts';

/** The reason why a version must not continue in its role, with the measurements that the reason rests on. */
export interface Breach {
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
  /** The reason why the breach is not proven; undefined where it is. */
  readonly unproven?: string | undefined;
}

/** A version's measurements in its role, without its accuracy. */
export type ServiceFigures = Pick<VersionMeasurements, 'version' | 'predictions' | 'errors' | 'p99Seconds'>;

/** Returns a breach if a version fails too often, or is much slower than another version, since both took their roles. */
export function breachOfService(
  policy: Policy,
  version: UsageTotal,
  other: NamedUsage | undefined,
): Breach | undefined {
  return breachOfErrors(policy, version, other) ?? breachOfLatency(policy, version, other);
}

function breachOfErrors({ rollback }: Policy, version: UsageTotal, other: UsageTotal | undefined): Breach | undefined {
  const { count, correct: errors } = failuresOf(version);
  if (count < rollback.accuracy.minimumFeedback) return undefined;
  const aboveLimit = evidenceOfShareAbove(rollback.errorShare, errors, count);
  // Texts that fail with every version are not a fault of this version.
  const aboveOther = other?.errors ? evidenceOfGreater(failuresOf(other), failuresOf(version)) : aboveLimit;
  const confidence = confidenceOf(Math.min(aboveLimit, aboveOther));
  if (confidence < rollback.accuracy.confidence) return undefined;
  return {
    reason: `${percent(errors / count)} of its predictions fail; the limit is ${percent(rollback.errorShare)}`,
    numbers: { predictions: version.predictions, errors, errorShare: errors / count, confidence },
  };
}

function breachOfLatency(policy: Policy, version: UsageTotal, other: NamedUsage | undefined): Breach | undefined {
  const figures = other && findLatencyBreach(policy, version, other);
  if (!figures) return undefined;
  return {
    reason: `its 99th percentile latency is ${figures.latencyRatio.toFixed(1)} times that of version ${other.version}`,
    numbers: { ...figures },
  };
}

/** Returns a breach if a version's accuracy is lower than another version's with the confidence of the policy. */
export function breachOfQuality(
  policy: Policy,
  version: Tally,
  other: Tally | undefined,
  evidence: Evidence | undefined,
): Breach | undefined {
  const { confidence: required, minimumFeedback } = policy.rollback.accuracy;
  if (!other || !evidence || Math.min(version.count, other.count) < minimumFeedback) return undefined;
  const confidence = confidenceOf(evidence.worse);
  if (confidence < required) return undefined;
  const [accuracy, otherAccuracy] = [version.correct / version.count, other.correct / other.count];
  return {
    reason: `its accuracy is ${percent(accuracy)} of ${version.count} labels, against ${percent(otherAccuracy)} of ${other.count} for the other version`,
    numbers: { feedback: version.count, accuracy, otherFeedback: other.count, otherAccuracy, confidence },
    unproven: unprovenBy(policy, evidence.provenWorse, required, evidence.coverage),
  };
}

/** Returns a breach if the shadow is less accurate than the active version, on the same texts. */
export function breachOfPairs(policy: Policy, { paired, evidence }: ShadowMeasurements): Breach | undefined {
  const { confidence: required, minimumFeedback } = policy.rollback.accuracy;
  const { onlyActive, onlyShadow } = paired;
  const count = pairCount(paired);
  if (count < minimumFeedback) return undefined;
  const confidence = confidenceOf(evidence.worse);
  if (confidence < required) return undefined;
  return {
    reason: `of ${count} labelled texts, only the active version was right on ${onlyActive}, and only this version on ${onlyShadow}`,
    numbers: { feedback: count, onlyActive, onlyCandidate: onlyShadow, confidence },
    unproven: unprovenBy(policy, evidence.provenWorse, required, evidence.coverage),
  };
}

/**
 * Returns a breach if people report the canary as wrong more often than the active version. Reports are no sample of the
 * predictions, but both versions answer the same people at random.
 */
export function breachOfReports(
  { rollback }: Policy,
  { reports, reportedMore }: CanaryMeasurements,
): Breach | undefined {
  const confidence = confidenceOf(reportedMore);
  if (confidence < rollback.accuracy.confidence) return undefined;
  const { objections, predictions } = reports;
  return {
    reason: `${objections} of its ${predictions} answers were reported as wrong, which is a larger share than of the active version's answers`,
    numbers: { objections, predictions, confidence },
  };
}

/**
 * Returns why evidence is not enough to act on: it holds only if the labels are a fair sample, and neither their coverage nor
 * the policy says that they are.
 */
export function unprovenBy(
  { labels }: Policy,
  evidence: number,
  required: number,
  { due, labelled, asked, reviewed }: Coverage,
): string | undefined {
  if (labels.fairSample || confidenceOf(evidence) >= required) return undefined;
  const share = due === 0 ? 'none' : percent(labelled / due);
  const reviews = asked === 0 ? 'none was picked for review' : `${reviewed} of ${asked} reviews are done`;
  return `this is only recommended: labels exist for ${labelled} of ${due} predictions that matter (${share}), ${reviews}, and nobody knows whether these labels are a fair sample; "labels.fairSample" of the policy can say so`;
}

/** Returns the number of texts in all four groups. */
export function pairCount({ bothRight, onlyActive, onlyShadow, neither }: PairedCounts): number {
  return bothRight + onlyActive + onlyShadow + neither;
}

/** Formats a share from 0 to 1 as a percentage with one decimal. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Counts failures as the "correct" ones, because the statistics compare shares of correct answers. */
function failuresOf({ predictions, errors }: Pick<UsageTotal, 'predictions' | 'errors'>): Tally {
  return { count: predictions + errors, correct: errors };
}
