import type { Policy } from '../../models/policy-file.ts';
import type { UsageTotal, VersionMeasurements } from '../comparison/measurement-types.ts';
import {
  type Breach,
  breachOfPairs,
  breachOfQuality,
  breachOfReports,
  breachOfService,
  pairCount,
  percent,
  unprovenBy,
} from './breaches.ts';
import { confidenceOf, evidenceOf } from './confidence.ts';
import { compareLatencies, type LatencyComparison, type NamedUsage } from './latency.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Action, ActionDecision, Decision, PolicyState } from './policy-state.ts';

/** Decides whether the shadow becomes canary, is dropped, or stays shadow. */
export function decideOnShadow(policy: Policy, measurements: PolicyMeasurements): Decision {
  const { shadow, active, now } = measurements;
  if (!shadow) return { action: 'none', reason: 'there is no shadow', numbers: {} };
  const { version, paired, since, evidence, coverage } = shadow;
  const { promote } = policy;
  const breach = breachOfService(policy, shadow.total, besideOf(active, shadow)) ?? breachOfPairs(policy, shadow);
  if (breach) return decisionOf('drop-shadow', version, breach);

  const count = pairCount(paired);
  const confidence = confidenceOf(evidence.better);
  const latency = compareLatencies(policy, shadow.total, shadow.beside);
  const numbers = {
    feedback: count,
    onlyActive: paired.onlyActive,
    onlyCandidate: paired.onlyShadow,
    confidence,
    provenConfidence: confidenceOf(evidence.provenBetter),
    due: coverage.due,
    labelled: coverage.labelled,
    ...numbersOf(latency),
  };
  const comparison = `of ${count} labelled texts, only this version was right on ${paired.onlyShadow}, and only the active version on ${paired.onlyActive}`;
  const obstacle = firstObstacle(
    [
      now - since < promote.minimumShadowSeconds * 1_000,
      `it has been a shadow for less than ${promote.minimumShadowSeconds} s`,
    ],
    [
      count < promote.minimumFeedback,
      `${count} of ${promote.minimumFeedback} labels have arrived${reportNote(active)}`,
    ],
    [
      confidence < promote.confidence,
      `${comparison}: it is better with ${percent(confidence)} confidence, and ${percent(promote.confidence)} is required`,
    ],
    latencyObstacle(policy, latency, false),
  );
  if (obstacle === undefined) {
    const reason = `${comparison}; ${speedOf(latency)}`;
    const unproven = unprovenBy(policy, evidence.provenBetter, promote.confidence, coverage);
    if (unproven === undefined || !hasGivenUp(policy, shadow, now)) {
      return withProof({ action: 'canary', version, reason, numbers }, unproven);
    }
    return { action: 'drop-shadow', version, reason: `it did not qualify in time: ${reason}; ${unproven}`, numbers };
  }
  return hasGivenUp(policy, shadow, now)
    ? { action: 'drop-shadow', version, reason: `it did not qualify in time: ${obstacle}`, numbers }
    : { action: 'none', reason: `shadow ${version}: ${obstacle}`, numbers };
}

/** Decides whether the canary becomes active, is dropped, or stays canary. */
export function decideOnCanary(policy: Policy, state: PolicyState, measurements: PolicyMeasurements): Decision {
  const { canary, besideCanary, active, shadow, now } = measurements;
  if (!canary) return { action: 'none', reason: 'there is no canary', numbers: {} };
  const { version, feedback, since, evidence } = canary;
  const { promote } = policy;
  const breach =
    breachOfService(policy, canary.total, besideOf(active, canary)) ??
    breachOfQuality(policy, feedback, besideCanary, evidence) ??
    breachOfReports(policy, canary) ??
    (shadow?.version === version ? breachOfPairs(policy, shadow) : undefined);
  if (breach) return decisionOf('drop-canary', version, breach);

  const beside = besideCanary ?? { count: 0, correct: 0 };
  const asCanary = confidenceOf(evidence.better);
  const asShadow = state.proven?.version === version ? state.proven.confidence : 0;
  const provenAsShadow = state.proven?.version === version ? (state.proven.provenConfidence ?? 0) : 0;
  const confidence = Math.max(asCanary, asShadow);
  const latency = compareLatencies(policy, canary.total, canary.beside);
  const numbers = {
    predictions: canary.predictions,
    feedback: feedback.count,
    accuracy: feedback.count === 0 ? null : feedback.correct / feedback.count,
    besideFeedback: beside.count,
    besideAccuracy: beside.count === 0 ? null : beside.correct / beside.count,
    confidence,
    provenConfidence: Math.max(confidenceOf(evidence.provenBetter), provenAsShadow),
    ...numbersOf(latency),
  };
  const obstacle = firstObstacle(
    [
      now - since < promote.minimumCanarySeconds * 1_000,
      `it has been a canary for less than ${promote.minimumCanarySeconds} s`,
    ],
    [
      feedback.count < promote.minimumCanaryFeedback,
      `${feedback.count} of ${promote.minimumCanaryFeedback} labels have arrived${reportNote(canary)}`,
    ],
    [
      confidence < promote.confidence,
      `it is better with ${percent(confidence)} confidence, and ${percent(promote.confidence)} is required`,
    ],
    latencyObstacle(policy, latency, asShadow > 0),
  );
  if (obstacle === undefined) {
    const basis = asCanary >= asShadow ? 'by its own answers' : 'on the texts that both versions scored';
    const isShown = latency !== undefined && latency.notSlower >= promote.confidence;
    const speed = isShown ? speedOf(latency) : 'it was not slower as a shadow';
    const reason = `it is better with ${percent(confidence)} confidence ${basis}; ${speed}; its accuracy as a canary is ${percent(numbers.accuracy ?? 0)} of ${feedback.count} labels`;
    const proven = Math.max(evidence.provenBetter, evidenceOf(provenAsShadow));
    const unproven = unprovenBy(policy, proven, promote.confidence, evidence.coverage);
    if (unproven === undefined || !hasGivenUp(policy, canary, now)) {
      return withProof({ action: 'promote', version, reason, numbers }, unproven);
    }
    return { action: 'drop-canary', version, reason: `it did not qualify in time: ${reason}; ${unproven}`, numbers };
  }
  return hasGivenUp(policy, canary, now)
    ? { action: 'drop-canary', version, reason: `it did not qualify in time: ${obstacle}`, numbers }
    : { action: 'none', reason: `canary ${version}: ${obstacle}`, numbers };
}

/** Decides whether a fresh active version is rolled back; returns undefined where it stays active. */
export function decideOnFreshVersion(
  policy: Policy,
  state: PolicyState,
  measurements: PolicyMeasurements,
): ActionDecision | undefined {
  const { active, now, replaced } = measurements;
  const other = state.active?.replaced;
  if (!other || now - active.since > policy.rollback.freshForSeconds * 1_000) return undefined;
  const breach =
    breachOfService(policy, active.total, replaced && { version: other.version, ...replaced.total }) ??
    breachOfQuality(policy, active.feedback, replaced?.feedback, replaced?.evidence);
  return breach && decisionOf('rollback', active.version, breach);
}

function hasGivenUp({ promote }: Policy, { since }: VersionMeasurements, now: number): boolean {
  return now - since > promote.giveUpSeconds * 1_000;
}

/** Returns the usage of the active version in the time of a candidate. */
function besideOf({ version }: VersionMeasurements, { beside }: { readonly beside: UsageTotal }): NamedUsage {
  return { version, ...beside };
}

function numbersOf(latency: LatencyComparison | undefined) {
  return {
    latencyRatio: latency?.p99Ratio ?? null,
    medianLatencyRatio: latency?.medianRatio ?? null,
    notSlowerConfidence: latency?.notSlower ?? null,
    slowerConfidence: latency?.slower ?? null,
  };
}

function speedOf(latency: LatencyComparison | undefined): string {
  return `it is not slower (${latency?.medianRatio.toFixed(1)} times the median latency)`;
}

function decisionOf(action: Action, version: string, { unproven, ...breach }: Breach) {
  return withProof({ action, version, ...breach }, unproven);
}

/** Adds the reason why a decision is only recommended. */
function withProof(decision: ActionDecision, unproven: string | undefined): ActionDecision & { unproven?: string } {
  if (unproven === undefined) return decision;
  return { ...decision, reason: `${decision.reason}; ${unproven}`, unproven };
}

/** Returns the reason why reports are not counted, if there are any. */
function reportNote({ reports: { objections } }: VersionMeasurements): string {
  if (objections === 0) return '';
  return `; ${objections} reports of errors are no evidence, because people report errors and not correct answers`;
}

/** A reason against a promotion, with whether the reason applies. */
type Obstacle = readonly [applies: boolean, message: string];

/** @param wasCompared true if it was shown before that the version is not slower, so that this need not be shown again */
function latencyObstacle(
  { promote, rollback }: Policy,
  latency: LatencyComparison | undefined,
  wasCompared: boolean,
): Obstacle {
  if (latency === undefined) {
    return [!wasCompared, `a comparison of latencies needs ${rollback.minimumPredictions} predictions of each version`];
  }
  const { medianRatio, p99Ratio, notSlower, slower } = latency;
  if (slower >= promote.confidence) {
    return [true, `its 99th percentile latency is ${p99Ratio.toFixed(1)} times that of the active version`];
  }
  const limit = `at most ${promote.maxLatencyRatio} times with ${percent(notSlower)} confidence`;
  return [
    notSlower < promote.confidence && !wasCompared,
    `its median latency is ${medianRatio.toFixed(1)} times that of the active version, ${limit}, and ${percent(promote.confidence)} is required`,
  ];
}

function firstObstacle(...obstacles: readonly Obstacle[]): string | undefined {
  return obstacles.find(([applies]) => applies)?.[1];
}
