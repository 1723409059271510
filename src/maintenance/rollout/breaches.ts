import { evidenceOfBetter, evidenceOfShareAbove } from '../../classifier/statistics/binomial-tests.ts';
import { evidenceOfGreater, type Tally } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { PairedCounts, VersionMeasurements } from '../comparison/measurement-types.ts';

/** Why a version must not go on, with the numbers that say so. */
export interface Breach {
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
}

/** How sure evidence is: 1 - 1 / evidence, which holds however often one looks. */
export function confidenceOf(evidence: number): number {
  return evidence <= 1 ? 0 : 1 - 1 / evidence;
}

/** What a version did in its role, apart from whether it was right. */
export type Service = Pick<VersionMeasurements, 'version' | 'predictions' | 'errors' | 'p99Seconds'>;

/** Whether one version fails, or takes so much longer than another, that it must not go on. */
export function breachOfService(policy: Policy, one: Service, other: Service | undefined): Breach | undefined {
  return breachOfErrors(policy, one, other) ?? breachOfLatency(policy, one, other);
}

function breachOfErrors({ rollback }: Policy, one: Service, other: Service | undefined): Breach | undefined {
  const { count, correct: errors } = failures(one);
  if (count < rollback.accuracy.minimumFeedback) return undefined;
  const aboveAllowed = evidenceOfShareAbove(rollback.errorShare, errors, count);
  // What fails for every version is not this one's fault.
  const aboveOther = other?.errors ? evidenceOfGreater(failures(other), failures(one)) : aboveAllowed;
  const confidence = confidenceOf(Math.min(aboveAllowed, aboveOther));
  if (confidence < rollback.accuracy.confidence) return undefined;
  return {
    reason: `${percent(errors / count)} of its predictions fail, where ${percent(rollback.errorShare)} may`,
    numbers: { predictions: one.predictions, errors, errorShare: errors / count, confidence },
  };
}

function breachOfLatency({ rollback }: Policy, one: Service, other: Service | undefined): Breach | undefined {
  const ratio = latencyRatio(one, other, rollback.minimumPredictions);
  if (ratio === null || ratio < rollback.latencyRatio || one.p99Seconds! < rollback.latencySeconds) return undefined;
  return {
    reason: `its 99th percentile is ${ratio.toFixed(1)} times that of version ${other!.version}`,
    numbers: { p99Seconds: one.p99Seconds, otherP99Seconds: other!.p99Seconds, latencyRatio: ratio },
  };
}

/** Whether one version is surely less often right than what it is compared with. */
export function breachOfQuality({ rollback }: Policy, one: Tally, other: Tally | undefined): Breach | undefined {
  const { confidence, minimumFeedback } = rollback.accuracy;
  if (!other || Math.min(one.count, other.count) < minimumFeedback) return undefined;
  const sure = confidenceOf(evidenceOfGreater(one, other));
  if (sure < confidence) return undefined;
  const [accuracy, otherAccuracy] = [one.correct / one.count, other.correct / other.count];
  return {
    reason: `it is right in ${percent(accuracy)} of ${one.count} judged predictions, where ${percent(otherAccuracy)} of ${other.count} were`,
    numbers: { feedback: one.count, accuracy, otherFeedback: other.count, otherAccuracy, confidence: sure },
  };
}

/** Whether the shadow is surely less often right, on the same texts. */
export function breachOfPairs({ rollback }: Policy, paired: PairedCounts): Breach | undefined {
  const { confidence, minimumFeedback } = rollback.accuracy;
  const { onlyActive, onlyShadow } = paired;
  if (pairs(paired) < minimumFeedback) return undefined;
  const sure = confidenceOf(evidenceOfBetter(onlyShadow, onlyActive));
  if (sure < confidence) return undefined;
  return {
    reason: `of ${pairs(paired)} judged texts the active version alone was right in ${onlyActive}, it alone in ${onlyShadow}`,
    numbers: { feedback: pairs(paired), onlyActive, onlyCandidate: onlyShadow, confidence: sure },
  };
}

/** The 99th percentile of one version over that of another; null where either has too few predictions. */
export function latencyRatio(one: Service, other: Service | undefined, minimumPredictions: number): number | null {
  if (!other || Math.min(one.predictions, other.predictions) < minimumPredictions) return null;
  return one.p99Seconds === null || !other.p99Seconds ? null : one.p99Seconds / other.p99Seconds;
}

export function pairs({ bothRight, onlyActive, onlyShadow, neither }: PairedCounts): number {
  return bothRight + onlyActive + onlyShadow + neither;
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function failures({ predictions, errors }: Service): Tally {
  return { count: predictions + errors, correct: errors };
}
