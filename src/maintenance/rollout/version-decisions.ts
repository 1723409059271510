import { evidenceOfBetter } from '../../classifier/statistics/binomial-tests.ts';
import { evidenceOfGreater } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import {
  breachOfPairs,
  breachOfQuality,
  breachOfService,
  confidenceOf,
  latencyRatio,
  pairCount,
  percent,
} from './breaches.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { ActionDecision, Decision, PolicyState } from './policy-state.ts';

/** Decides whether the shadow becomes canary, is dropped, or stays shadow. */
export function decideOnShadow(policy: Policy, measurements: PolicyMeasurements): Decision {
  const { shadow, active, now } = measurements;
  if (!shadow) return { action: 'none', reason: 'there is no shadow', numbers: {} };
  const { version, paired, since } = shadow;
  const { promote } = policy;
  const breach = breachOfService(policy, shadow, active) ?? breachOfPairs(policy, paired);
  if (breach) return { action: 'drop-shadow', version, ...breach };

  const count = pairCount(paired);
  const confidence = confidenceOf(evidenceOfBetter(paired.onlyActive, paired.onlyShadow));
  const latency = latencyRatio(shadow, active, policy.rollback.minimumPredictions);
  const numbers = {
    feedback: count,
    onlyActive: paired.onlyActive,
    onlyCandidate: paired.onlyShadow,
    confidence,
    latencyRatio: latency,
  };
  const comparison = `of ${count} labelled texts, only this version was right on ${paired.onlyShadow}, and only the active version on ${paired.onlyActive}`;
  const obstacle = firstObstacle(
    [
      now - since < promote.minimumShadowSeconds * 1_000,
      `it has been a shadow for less than ${promote.minimumShadowSeconds} s`,
    ],
    [count < promote.minimumFeedback, `${count} of ${promote.minimumFeedback} labels have arrived`],
    [
      confidence < promote.confidence,
      `${comparison}: it is better with ${percent(confidence)} confidence, and ${percent(promote.confidence)} is required`,
    ],
    latencyObstacle(policy, latency, false),
  );
  if (obstacle === undefined) {
    const reason = `${comparison}; it is not slower (${latency?.toFixed(1)} times the 99th percentile latency)`;
    return { action: 'canary', version, reason, numbers };
  }
  return now - since > promote.giveUpSeconds * 1_000
    ? { action: 'drop-shadow', version, reason: `it did not qualify in time: ${obstacle}`, numbers }
    : { action: 'none', reason: `shadow ${version}: ${obstacle}`, numbers };
}

/** Decides whether the canary becomes active, is dropped, or stays canary. */
export function decideOnCanary(policy: Policy, state: PolicyState, measurements: PolicyMeasurements): Decision {
  const { canary, besideCanary, active, shadow, now } = measurements;
  if (!canary) return { action: 'none', reason: 'there is no canary', numbers: {} };
  const { version, feedback, since } = canary;
  const { promote } = policy;
  const paired = shadow?.version === version ? shadow.paired : undefined;
  const breach =
    breachOfService(policy, canary, active) ??
    breachOfQuality(policy, feedback, besideCanary) ??
    (paired && breachOfPairs(policy, paired));
  if (breach) return { action: 'drop-canary', version, ...breach };

  const beside = besideCanary ?? { count: 0, correct: 0 };
  const asCanary = confidenceOf(evidenceOfGreater(beside, feedback));
  const asShadow = state.proven?.version === version ? state.proven.confidence : 0;
  const confidence = Math.max(asCanary, asShadow);
  const latency = latencyRatio(canary, active, policy.rollback.minimumPredictions);
  const numbers = {
    predictions: canary.predictions,
    feedback: feedback.count,
    accuracy: feedback.count === 0 ? null : feedback.correct / feedback.count,
    besideFeedback: beside.count,
    besideAccuracy: beside.count === 0 ? null : beside.correct / beside.count,
    confidence,
    latencyRatio: latency,
  };
  const obstacle = firstObstacle(
    [
      now - since < promote.minimumCanarySeconds * 1_000,
      `it has been a canary for less than ${promote.minimumCanarySeconds} s`,
    ],
    [
      feedback.count < promote.minimumCanaryFeedback,
      `${feedback.count} of ${promote.minimumCanaryFeedback} labels have arrived`,
    ],
    [
      confidence < promote.confidence,
      `it is better with ${percent(confidence)} confidence, and ${percent(promote.confidence)} is required`,
    ],
    latencyObstacle(policy, latency, asShadow > 0),
  );
  if (obstacle === undefined) {
    const basis = asCanary >= asShadow ? 'by its own answers' : 'on the texts that both versions scored';
    const speed =
      latency === null
        ? 'it was not slower as a shadow'
        : `it is not slower (${latency.toFixed(1)} times the 99th percentile latency)`;
    const reason = `it is better with ${percent(confidence)} confidence ${basis}; ${speed}; its accuracy as a canary is ${percent(numbers.accuracy ?? 0)} of ${feedback.count} labels`;
    return { action: 'promote', version, reason, numbers };
  }
  return now - since > promote.giveUpSeconds * 1_000
    ? { action: 'drop-canary', version, reason: `it did not qualify in time: ${obstacle}`, numbers }
    : { action: 'none', reason: `canary ${version}: ${obstacle}`, numbers };
}

/** Decides whether a fresh active version is rolled back; returns undefined where it stays active. */
export function decideOnFreshVersion(
  policy: Policy,
  state: PolicyState,
  measurements: PolicyMeasurements,
): ActionDecision | undefined {
  const { active, now } = measurements;
  const replaced = state.active?.replaced;
  if (!replaced || now - active.since > policy.rollback.freshForSeconds * 1_000) return undefined;
  const breach =
    breachOfService(policy, active, replaced) ?? breachOfQuality(policy, active.feedback, measurements.replaced);
  return breach && { action: 'rollback', version: active.version, ...breach };
}

/** A reason against a promotion, with whether the reason applies. */
type Obstacle = readonly [applies: boolean, message: string];

/** @param wasCompared true if the version was not slower before, so that it may have few predictions now */
function latencyObstacle({ promote, rollback }: Policy, latency: number | null, wasCompared: boolean): Obstacle {
  if (latency !== null) {
    return [
      latency > promote.maxLatencyRatio,
      `its 99th percentile latency is ${latency.toFixed(1)} times that of the active version`,
    ];
  }
  return [
    !wasCompared,
    `a comparison of latencies needs ${rollback.minimumPredictions} predictions of each version in an hour`,
  ];
}

function firstObstacle(...obstacles: readonly Obstacle[]): string | undefined {
  return obstacles.find(([applies]) => applies)?.[1];
}
