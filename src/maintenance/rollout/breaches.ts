import { evidenceOfBetter, evidenceOfShareAbove } from '../../classifier/statistics/binomial-tests.ts';
import { evidenceOfGreater, type Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { PairedCounts, VersionMeasurements } from '../comparison/measurement-types.ts';

/** The reason why a version must not continue in its role, with the measurements that the reason rests on. */
export interface Breach {
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
}

/**
 * Returns the confidence that an e-value gives, from 0 to 1: 1 - 1 / evidence. By Ville's inequality the confidence holds
 * for any number of evaluations.
 */
export function confidenceOf(evidence: number): number {
  return evidence <= 1 ? 0 : 1 - 1 / evidence;
}

/** A version's measurements in its role, without its accuracy. */
export type ServiceFigures = Pick<VersionMeasurements, 'version' | 'predictions' | 'errors' | 'p99Seconds'>;

/** Returns a breach if a version fails too often, or is much slower than another version. */
export function breachOfService(
  policy: Policy,
  version: ServiceFigures,
  other: ServiceFigures | undefined,
): Breach | undefined {
  return breachOfErrors(policy, version, other) ?? breachOfLatency(policy, version, other);
}

function breachOfErrors(
  { rollback }: Policy,
  version: ServiceFigures,
  other: ServiceFigures | undefined,
): Breach | undefined {
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

function breachOfLatency(
  { rollback }: Policy,
  version: ServiceFigures,
  other: ServiceFigures | undefined,
): Breach | undefined {
  const ratio = latencyRatio(version, other, rollback.minimumPredictions);
  if (ratio === null || ratio < rollback.latencyRatio || version.p99Seconds! < rollback.latencySeconds) {
    return undefined;
  }
  return {
    reason: `its 99th percentile latency is ${ratio.toFixed(1)} times that of version ${other!.version}`,
    numbers: { p99Seconds: version.p99Seconds, otherP99Seconds: other!.p99Seconds, latencyRatio: ratio },
  };
}

/** Returns a breach if a version's accuracy is lower than another version's with the confidence of the policy. */
export function breachOfQuality({ rollback }: Policy, version: Tally, other: Tally | undefined): Breach | undefined {
  const { confidence: required, minimumFeedback } = rollback.accuracy;
  if (!other || Math.min(version.count, other.count) < minimumFeedback) return undefined;
  const confidence = confidenceOf(evidenceOfGreater(version, other));
  if (confidence < required) return undefined;
  const [accuracy, otherAccuracy] = [version.correct / version.count, other.correct / other.count];
  return {
    reason: `its accuracy is ${percent(accuracy)} of ${version.count} labels, against ${percent(otherAccuracy)} of ${other.count} for the other version`,
    numbers: { feedback: version.count, accuracy, otherFeedback: other.count, otherAccuracy, confidence },
  };
}

/** Returns a breach if the shadow is less accurate than the active version, on the same texts. */
export function breachOfPairs({ rollback }: Policy, paired: PairedCounts): Breach | undefined {
  const { confidence: required, minimumFeedback } = rollback.accuracy;
  const { onlyActive, onlyShadow } = paired;
  const count = pairCount(paired);
  if (count < minimumFeedback) return undefined;
  const confidence = confidenceOf(evidenceOfBetter(onlyShadow, onlyActive));
  if (confidence < required) return undefined;
  return {
    reason: `of ${count} labelled texts, only the active version was right on ${onlyActive}, and only this version on ${onlyShadow}`,
    numbers: { feedback: count, onlyActive, onlyCandidate: onlyShadow, confidence },
  };
}

/** Returns a version's 99th percentile divided by another version's; null where either has too few predictions. */
export function latencyRatio(
  version: ServiceFigures,
  other: ServiceFigures | undefined,
  minimumPredictions: number,
): number | null {
  if (!other || Math.min(version.predictions, other.predictions) < minimumPredictions) return null;
  return version.p99Seconds === null || !other.p99Seconds ? null : version.p99Seconds / other.p99Seconds;
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
function failuresOf({ predictions, errors }: ServiceFigures): Tally {
  return { count: predictions + errors, correct: errors };
}
