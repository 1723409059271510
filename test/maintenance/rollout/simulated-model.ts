import { createRandom } from '../../../src/classifier/learning/random.ts';
import { measureDrift } from '../../../src/classifier/statistics/drift-test.ts';
import { durationBucket } from '../../../src/feedback/duration-buckets.ts';
import { evidenceOfArms, evidenceOfPairs } from '../../../src/maintenance/comparison/evidence.ts';
import type { UsageTotal } from '../../../src/maintenance/comparison/measurement-types.ts';
import { decide } from '../../../src/maintenance/rollout/policy.ts';
import type { PolicyMeasurements } from '../../../src/maintenance/rollout/policy-measurements.ts';
import { type Action, initialState, type PolicyState } from '../../../src/maintenance/rollout/policy-state.ts';
import { recordAction } from '../../../src/maintenance/rollout/state-updates.ts';
import type { Policy } from '../../../src/models/policy-file.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A simulated model version, with its accuracy on the usual texts and on texts of another kind. */
export interface SimulatedVersion {
  readonly version: string;
  readonly usual: number;
  readonly other: number;
  readonly learnedOther: boolean;
  /** The accuracy that its training measured; the accuracy on the usual texts where it is not given. */
  readonly training?: number;
  readonly errorShare?: number;
  readonly p99Seconds?: number;
}

/** One action of the policy. */
export interface Step {
  readonly day: number;
  readonly action: Action;
  readonly version: string | null;
  readonly reason: string;
}

export interface Simulation {
  readonly days: number;
  readonly seed: number;
  readonly policy: Policy;
  /** Returns the share of texts of the other kind on a day. */
  readonly otherShare?: (day: number) => number;
  /** Actions of people, ordered by day. */
  readonly people?: readonly { readonly day: number; readonly act: (model: SimulatedModel) => void }[];
  /** Serialises the state to JSON and parses it at every step, as a restart of the process does. */
  readonly restarts?: boolean;
  readonly retrained?: (version: string) => SimulatedVersion;
}

interface Role {
  readonly version: SimulatedVersion;
  readonly since: number;
  predictions: number;
  errors: number;
  /** All predictions and errors since the version took the role. */
  totalPredictions: number;
  totalErrors: number;
  count: number;
  correct: number;
}

/** The roles of a model; people and the policy change them. */
export interface SimulatedModel {
  activate(version: SimulatedVersion): void;
  shadow(version: SimulatedVersion | null): void;
  canary(version: SimulatedVersion): void;
  readonly active: SimulatedVersion;
}

const initialVersion: SimulatedVersion = { version: '1', usual: 0.97, other: 0.7, learnedOther: false };

const STEP_MS = 30 * MINUTE;
const PREDICTIONS_PER_HOUR = 400;
const LABELS_PER_DAY = 240;
const TRAINING_BINS = [0.3, 0.25, 0.2, 0.15, 0.1];
const OTHER_BINS = [0.02, 0.08, 0.2, 0.3, 0.4];

/** Returns the latencies of a role: one text in fifty takes the time of the version's 99th percentile. */
function totalOf({ version, totalPredictions, totalErrors }: Role): UsageTotal {
  const slow = version.p99Seconds ?? 0.002;
  const slowest = Math.round(totalPredictions / 50);
  const durations = [
    { bucket: durationBucket(slow / 4), count: totalPredictions - slowest },
    { bucket: durationBucket(slow), count: slowest },
  ];
  return { predictions: totalPredictions, errors: totalErrors, durations };
}

/** Returns labels as one hour of predictions that all have a label. */
function armOf({ count, correct }: { count: number; correct: number }) {
  return [{ hour: 0, all: { due: count, count, correct }, asked: { due: 0, count: 0, correct: 0 } }];
}

/** Simulates months of traffic with a manual clock and a seeded random generator, and applies the policy's decisions. */
export function simulate(options: Simulation): {
  steps: Step[];
  model: SimulatedModel;
  state: PolicyState;
  /** The measurements at the end. */
  measurements: PolicyMeasurements;
} {
  const { days, seed, policy, otherShare = () => 0, people = [], restarts = false } = options;
  const random = createRandom(seed);
  const steps: Step[] = [];
  let now = 0;
  const takeRole = (version: SimulatedVersion): Role => ({
    version,
    since: now,
    predictions: 0,
    errors: 0,
    totalPredictions: 0,
    totalErrors: 0,
    count: 0,
    correct: 0,
  });
  let active = takeRole(initialVersion);
  let shadow: Role | undefined;
  let canary: Role | undefined;
  let paired = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
  let beside = { count: 0, correct: 0 };
  let before: { version: SimulatedVersion; count: number; correct: number; total: UsageTotal } | undefined;
  let recent: { at: number; right: boolean }[] = [];
  let feedbackWithText = 0;
  let trainingEndsAt: number | undefined;
  let lastVersion = 1;
  let state: PolicyState = initialState;

  const model: SimulatedModel = {
    activate(version) {
      const lastDay = recent.filter(({ at }) => at > now - DAY);
      const correct = lastDay.filter(({ right }) => right).length;
      before = { version: active.version, count: lastDay.length, correct, total: totalOf(active) };
      active = takeRole(version);
      feedbackWithText = 0;
      recent = [];
      if (shadow?.version.version === version.version) shadow = undefined;
      if (canary?.version.version === version.version) canary = undefined;
    },
    shadow(version) {
      shadow = version ? takeRole(version) : undefined;
      paired = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
    },
    canary(version) {
      canary = takeRole(version);
      beside = { count: 0, correct: 0 };
    },
    get active() {
      return active.version;
    },
  };

  function receiveTraffic(share: number): void {
    const count = Math.round((PREDICTIONS_PER_HOUR * STEP_MS) / HOUR);
    for (const [role, part] of [
      [active, 1 - (canary ? policy.promote.canaryShare : 0)],
      [canary, policy.promote.canaryShare],
      [shadow, 1],
    ] as const) {
      if (!role) continue;
      const errors = Math.round(count * part * (role.version.errorShare ?? 0));
      // The service measures the last hour.
      role.predictions = Math.min(role.predictions + count * part - errors, PREDICTIONS_PER_HOUR * part);
      role.errors = Math.min(role.errors + errors, PREDICTIONS_PER_HOUR * part);
      role.totalPredictions += Math.round(count * part) - errors;
      role.totalErrors += errors;
    }
    for (let label = random() * 2; label < (2 * LABELS_PER_DAY * STEP_MS) / DAY; label += 1)
      receiveLabel(random() < share);
    recent = recent.filter(({ at }) => at > now - policy.retrain.accuracyDrop.windowSeconds * 1_000);
  }

  /** Receives the true label of one text. A text that is hard for one version is mostly hard for the other. */
  function receiveLabel(isOther: boolean): void {
    feedbackWithText += 1;
    const difficulty = random();
    const isRight = ({ version }: Role) =>
      (random() < 0.7 ? difficulty : random()) < (isOther ? version.other : version.usual);
    const answering = canary && random() < policy.promote.canaryShare ? canary : active;
    const correct = isRight(answering);
    answering.count += 1;
    answering.correct += Number(correct);
    if (answering !== active) return;
    recent.push({ at: now, right: correct });
    if (canary) beside = { count: beside.count + 1, correct: beside.correct + Number(correct) };
    if (!shadow) return;
    const isShadowRight = isRight(shadow);
    if (correct) paired[isShadowRight ? 'bothRight' : 'onlyActive'] += 1;
    else paired[isShadowRight ? 'onlyShadow' : 'neither'] += 1;
  }

  function driftOf(share: number): PolicyMeasurements['drift'] {
    const counts = TRAINING_BINS.map(() => 0);
    for (let at = 0; at < PREDICTIONS_PER_HOUR; at += 1) {
      const shares = random() < share && !active.version.learnedOther ? OTHER_BINS : TRAINING_BINS;
      let left = random();
      let bin = 0;
      while (bin < shares.length - 1 && left >= shares[bin]!) left -= shares[bin++]!;
      counts[bin]! += 1;
    }
    return measureDrift(counts, TRAINING_BINS, 5_000);
  }

  function measure(share: number): PolicyMeasurements {
    const measureRole = (role: Role) => {
      const { version, since, predictions, errors, count, correct } = role;
      return {
        version: version.version,
        since,
        predictions,
        errors,
        p99Seconds: (version.p99Seconds ?? 0.002) * (0.95 + 0.1 * random()),
        total: totalOf(role),
        feedback: { count, correct },
        coverage: { due: count, labelled: count, asked: 0, reviewed: 0 },
        reports: { predictions: role.totalPredictions, objections: 0 },
        trainingAccuracy: version.training ?? version.usual,
        trainingTexts: 10_000,
      };
    };
    const { onlyActive, onlyShadow } = paired;
    const hour = { hour: 0, asked: false, disagreements: onlyActive + onlyShadow, onlyActive, onlyShadow, neither: 0 };
    const correct = recent.filter(({ right }) => right).length;
    return {
      now,
      active: measureRole(active),
      ...(shadow && {
        shadow: {
          ...measureRole(shadow),
          beside: totalOf(active),
          agreement: null,
          paired,
          evidence: evidenceOfPairs([hour]),
        },
      }),
      ...(canary && {
        canary: {
          ...measureRole(canary),
          beside: totalOf(active),
          share: policy.promote.canaryShare,
          evidence: evidenceOfArms(armOf(beside), armOf(canary)),
          reportedMore: 1,
        },
        besideCanary: beside,
      }),
      ...(before && {
        replaced: { feedback: before, total: before.total, evidence: evidenceOfArms(armOf(before), armOf(active)) },
      }),
      drift: driftOf(share),
      recent: { count: recent.length, correct },
      recentAtBest: [{ count: recent.length, correct }],
      feedbackWithText,
      retraining: trainingEndsAt !== undefined,
    };
  }

  function apply(action: Action): void {
    const previous = before?.version;
    if (action === 'retrain') trainingEndsAt = now + HOUR;
    if (action === 'canary' && shadow) model.canary(shadow.version);
    if (action === 'promote' && canary) model.activate(canary.version);
    if (action === 'rollback' && previous) model.activate(previous);
    if (action === 'drop-shadow') model.shadow(null);
    if (action === 'drop-canary') {
      canary = undefined;
      model.shadow(null);
    }
  }

  const upcoming = [...people];
  for (; now < days * DAY; now += STEP_MS) {
    while (upcoming[0] && upcoming[0].day * DAY <= now) upcoming.shift()!.act(model);
    if (trainingEndsAt !== undefined && trainingEndsAt <= now) {
      trainingEndsAt = undefined;
      lastVersion += 1;
      const version = String(lastVersion);
      model.shadow(options.retrained?.(version) ?? { version, usual: 0.97, other: 0.965, learnedOther: true });
    }
    const share = otherShare(now / DAY);
    receiveTraffic(share);
    const { state: after, decision } = decide(policy, state, measure(share));
    state = after;
    if (decision.action !== 'none' && decision.coolDownUntil === undefined) {
      state = recordAction(state, decision, now);
      steps.push({ day: now / DAY, action: decision.action, version: decision.version, reason: decision.reason });
      apply(decision.action);
    }
    if (restarts) state = JSON.parse(JSON.stringify(state)) as PolicyState;
  }
  return { steps, model, state, measurements: measure(0) };
}
