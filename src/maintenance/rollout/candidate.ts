import { evidenceOfBetter } from '../../classifier/statistics/mcnemar.ts';
import { evidenceOfGreater } from '../../classifier/statistics/two-proportions.ts';
import type { Policy } from '../../models/policy-file.ts';
import {
  breachOfPairs,
  breachOfQuality,
  breachOfService,
  confidenceOf,
  latencyRatio,
  pairs,
  percent,
} from './breaches.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Decided, Decision, PolicyState } from './policy-state.ts';

/** What the measurements say of the shadow: on to a canary, away with it, or wait. */
export function judgeShadow(policy: Policy, measured: PolicyMeasurements): Decision {
  const { shadow, active, now } = measured;
  if (!shadow) return { action: 'none', reason: 'there is no candidate', numbers: {} };
  const { version, paired, since } = shadow;
  const { promote } = policy;
  const breach = breachOfService(policy, shadow, active) ?? breachOfPairs(policy, paired);
  if (breach) return { action: 'drop-shadow', version, ...breach };

  const count = pairs(paired);
  const sure = confidenceOf(evidenceOfBetter(paired.onlyActive, paired.onlyShadow));
  const latency = latencyRatio(shadow, active, policy.rollback.minimumPredictions);
  const numbers = {
    feedback: count,
    onlyActive: paired.onlyActive,
    onlyCandidate: paired.onlyShadow,
    confidence: sure,
    latencyRatio: latency,
  };
  const better = `of ${count} judged texts it alone was right in ${paired.onlyShadow}, the active version alone in ${paired.onlyActive}`;
  const missing = firstOf(
    [
      now - since < promote.minimumShadowSeconds * 1_000,
      `it has been a shadow for less than ${promote.minimumShadowSeconds} s`,
    ],
    [count < promote.minimumFeedback, `${count} of ${promote.minimumFeedback} labels are in`],
    [
      sure < promote.confidence,
      `${better}: better with ${percent(sure)} confidence, not ${percent(promote.confidence)}`,
    ],
    slowness(policy, latency, false),
  );
  if (missing === undefined) {
    const reason = `${better}; it is no slower (${latency?.toFixed(1)} times the 99th percentile)`;
    return { action: 'canary', version, reason, numbers };
  }
  return now - since > promote.giveUpSeconds * 1_000
    ? { action: 'drop-shadow', version, reason: `it did not come so far in time: ${missing}`, numbers }
    : { action: 'none', reason: `shadow ${version}: ${missing}`, numbers };
}

/** What the measurements say of the canary: make it active, take it back, or wait. */
export function judgeCanary(policy: Policy, state: PolicyState, measured: PolicyMeasurements): Decision {
  const { canary, besideCanary, active, shadow, now } = measured;
  if (!canary) return { action: 'none', reason: 'there is no canary', numbers: {} };
  const { version, feedback, since } = canary;
  const { promote } = policy;
  const sameTexts = shadow?.version === version ? shadow.paired : undefined;
  const breach =
    breachOfService(policy, canary, active) ??
    breachOfQuality(policy, feedback, besideCanary) ??
    (sameTexts && breachOfPairs(policy, sameTexts));
  if (breach) return { action: 'drop-canary', version, ...breach };

  const beside = besideCanary ?? { count: 0, correct: 0 };
  const apart = confidenceOf(evidenceOfGreater(beside, feedback));
  const proven = state.proven?.version === version ? state.proven.confidence : 0;
  const sure = Math.max(apart, proven);
  const latency = latencyRatio(canary, active, policy.rollback.minimumPredictions);
  const numbers = {
    predictions: canary.predictions,
    feedback: feedback.count,
    accuracy: feedback.count === 0 ? null : feedback.correct / feedback.count,
    besideFeedback: beside.count,
    besideAccuracy: beside.count === 0 ? null : beside.correct / beside.count,
    confidence: sure,
    latencyRatio: latency,
  };
  const missing = firstOf(
    [
      now - since < promote.minimumCanarySeconds * 1_000,
      `it has been a canary for less than ${promote.minimumCanarySeconds} s`,
    ],
    [
      feedback.count < promote.minimumCanaryFeedback,
      `${feedback.count} of ${promote.minimumCanaryFeedback} labels are in`,
    ],
    [sure < promote.confidence, `it is better with ${percent(sure)} confidence, not ${percent(promote.confidence)}`],
    slowness(policy, latency, proven > 0),
  );
  if (missing === undefined) {
    const how = apart >= proven ? 'by its own answers' : 'on the texts that both have scored';
    const fast =
      latency === null ? 'no slower as a shadow' : `no slower (${latency.toFixed(1)} times the 99th percentile)`;
    const reason = `it is better with ${percent(sure)} confidence ${how}, ${fast}, and right in ${percent(numbers.accuracy ?? 0)} of ${feedback.count} judged answers as a canary`;
    return { action: 'promote', version, reason, numbers };
  }
  return now - since > promote.giveUpSeconds * 1_000
    ? { action: 'drop-canary', version, reason: `it did not come so far in time: ${missing}`, numbers }
    : { action: 'none', reason: `canary ${version}: ${missing}`, numbers };
}

/** What the measurements say of an active version that is still fresh: whether it must be taken back. */
export function judgeFresh(policy: Policy, state: PolicyState, measured: PolicyMeasurements): Decided | undefined {
  const { active, now } = measured;
  const replaced = state.active?.replaced;
  if (!replaced || now - active.since > policy.rollback.freshForSeconds * 1_000) return undefined;
  const breach =
    breachOfService(policy, active, replaced) ?? breachOfQuality(policy, active.feedback, measured.replaced);
  return breach && { action: 'rollback', version: active.version, ...breach };
}

/** @param wasCompared whether it was no slower before, so that too few predictions now hold nothing up */
function slowness({ promote, rollback }: Policy, latency: number | null, wasCompared: boolean): [boolean, string] {
  if (latency !== null) {
    return [
      latency > promote.maxLatencyRatio,
      `its 99th percentile is ${latency.toFixed(1)} times the active version's`,
    ];
  }
  return [!wasCompared, `latencies need ${rollback.minimumPredictions} predictions of each version in an hour`];
}

function firstOf(...conditions: readonly (readonly [holds: boolean, message: string])[]): string | undefined {
  return conditions.find(([holds]) => holds)?.[1];
}
