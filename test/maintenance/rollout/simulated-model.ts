import { createRandom } from '../../../src/classifier/learning/random.ts';
import { measureDrift } from '../../../src/classifier/statistics/drift-test.ts';
import { decide, taken } from '../../../src/maintenance/rollout/policy.ts';
import type { PolicyMeasurements } from '../../../src/maintenance/rollout/policy-measurements.ts';
import { type Action, initialState, type PolicyState } from '../../../src/maintenance/rollout/policy-state.ts';
import type { Policy } from '../../../src/models/policy-file.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A model version as the simulation knows it: how often it is right with the usual texts, and with another kind. */
export interface SimulatedVersion {
  readonly version: string;
  readonly usual: number;
  readonly other: number;
  readonly learnedOther: boolean;
  /** What its training said, where that is not how it does with the usual texts. */
  readonly training?: number;
  readonly errorShare?: number;
  readonly p99Seconds?: number;
}

/** One action that was taken, or one thing that somebody did. */
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
  /** The share of texts of the other kind, by day. */
  readonly otherShare?: (day: number) => number;
  /** What people do, by day, in the order of the days. */
  readonly people?: readonly { readonly day: number; readonly what: (model: SimulatedModel) => void }[];
  /** Puts the state through JSON at every step, as if the process had started anew. */
  readonly restarts?: boolean;
  readonly retrained?: (version: string) => SimulatedVersion;
}

interface Role {
  readonly version: SimulatedVersion;
  readonly since: number;
  predictions: number;
  errors: number;
  count: number;
  correct: number;
}

/** The roles of a model, which people and the policy change. */
export interface SimulatedModel {
  activate(version: SimulatedVersion): void;
  shadow(version: SimulatedVersion | null): void;
  canary(version: SimulatedVersion): void;
  readonly active: SimulatedVersion;
}

const firstVersion: SimulatedVersion = { version: '1', usual: 0.97, other: 0.7, learnedOther: false };

const stepMs = 30 * MINUTE;
const predictionsAnHour = 400;
const labelsADay = 240;
const trainingBins = [0.3, 0.25, 0.2, 0.15, 0.1];
const otherBins = [0.02, 0.08, 0.2, 0.3, 0.4];

/** Months of traffic, with a clock that is moved by hand and chance that is seeded. */
export function simulate(options: Simulation): { steps: Step[]; model: SimulatedModel; state: PolicyState } {
  const { days, seed, policy, otherShare = () => 0, people = [], restarts = false } = options;
  const random = createRandom(seed);
  const steps: Step[] = [];
  let now = 0;
  const enter = (version: SimulatedVersion): Role => ({
    version,
    since: now,
    predictions: 0,
    errors: 0,
    count: 0,
    correct: 0,
  });
  let active = enter(firstVersion);
  let shadow: Role | undefined;
  let canary: Role | undefined;
  let paired = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
  let beside = { count: 0, correct: 0 };
  let before: { version: SimulatedVersion; count: number; correct: number } | undefined;
  let recent: { at: number; right: boolean }[] = [];
  let feedbackWithText = 0;
  let training: number | undefined;
  let trained = 1;
  let state: PolicyState = initialState;

  const model: SimulatedModel = {
    activate(version) {
      const lately = recent.filter(({ at }) => at > now - DAY);
      before = { version: active.version, count: lately.length, correct: lately.filter(({ right }) => right).length };
      active = enter(version);
      feedbackWithText = 0;
      recent = [];
      if (shadow?.version.version === version.version) shadow = undefined;
      if (canary?.version.version === version.version) canary = undefined;
    },
    shadow(version) {
      shadow = version ? enter(version) : undefined;
      paired = { bothRight: 0, onlyActive: 0, onlyShadow: 0, neither: 0 };
    },
    canary(version) {
      canary = enter(version);
      beside = { count: 0, correct: 0 };
    },
    get active() {
      return active.version;
    },
  };

  function traffic(share: number): void {
    const count = Math.round((predictionsAnHour * stepMs) / HOUR);
    for (const [role, part] of [
      [active, 1 - (canary ? policy.promote.canaryShare : 0)],
      [canary, policy.promote.canaryShare],
      [shadow, 1],
    ] as const) {
      if (!role) continue;
      const errors = Math.round(count * part * (role.version.errorShare ?? 0));
      // The last hour's, as the service measures them.
      role.predictions = Math.min(role.predictions + count * part - errors, predictionsAnHour * part);
      role.errors = Math.min(role.errors + errors, predictionsAnHour * part);
    }
    for (let label = random() * 2; label < (2 * labelsADay * stepMs) / DAY; label += 1) judge(random() < share);
    recent = recent.filter(({ at }) => at > now - policy.retrain.accuracyDrop.windowSeconds * 1_000);
  }

  /** One text whose true label comes in. What is hard for one version mostly is for the other. */
  function judge(other: boolean): void {
    feedbackWithText += 1;
    const difficulty = random();
    const right = ({ version }: Role) =>
      (random() < 0.7 ? difficulty : random()) < (other ? version.other : version.usual);
    const answering = canary && random() < policy.promote.canaryShare ? canary : active;
    const correct = right(answering);
    answering.count += 1;
    answering.correct += Number(correct);
    if (answering !== active) return;
    recent.push({ at: now, right: correct });
    if (canary) beside = { count: beside.count + 1, correct: beside.correct + Number(correct) };
    if (!shadow) return;
    const both = right(shadow);
    paired[correct ? (both ? 'bothRight' : 'onlyActive') : both ? 'onlyShadow' : 'neither'] += 1;
  }

  function drift(share: number): PolicyMeasurements['drift'] {
    const counts = trainingBins.map(() => 0);
    for (let at = 0; at < predictionsAnHour; at += 1) {
      const shares = random() < share && !active.version.learnedOther ? otherBins : trainingBins;
      let left = random();
      let bin = 0;
      while (bin < shares.length - 1 && left >= shares[bin]!) left -= shares[bin++]!;
      counts[bin]! += 1;
    }
    return measureDrift(counts, trainingBins, 5_000);
  }

  function measure(share: number): PolicyMeasurements {
    const figures = ({ version, since, predictions, errors, count, correct }: Role) => ({
      version: version.version,
      since,
      predictions,
      errors,
      p99Seconds: (version.p99Seconds ?? 0.002) * (0.95 + 0.1 * random()),
      feedback: { count, correct },
      trainingAccuracy: version.training ?? version.usual,
    });
    return {
      now,
      active: figures(active),
      ...(shadow && { shadow: { ...figures(shadow), agreement: null, paired } }),
      ...(canary && { canary: { ...figures(canary), share: policy.promote.canaryShare }, besideCanary: beside }),
      ...(before && { replaced: before }),
      drift: drift(share),
      recent: { count: recent.length, correct: recent.filter(({ right }) => right).length },
      feedbackWithText,
      retraining: training !== undefined,
    };
  }

  function apply(action: Action): void {
    const roleBack = before?.version;
    if (action === 'retrain') {
      training = now + HOUR;
    }
    if (action === 'canary' && shadow) model.canary(shadow.version);
    if (action === 'promote' && canary) model.activate(canary.version);
    if (action === 'rollback' && roleBack) model.activate(roleBack);
    if (action === 'drop-shadow') model.shadow(null);
    if (action === 'drop-canary') {
      canary = undefined;
      model.shadow(null);
    }
  }

  const waiting = [...people];
  for (; now < days * DAY; now += stepMs) {
    while (waiting[0] && waiting[0].day * DAY <= now) waiting.shift()!.what(model);
    if (training !== undefined && training <= now) {
      training = undefined;
      trained += 1;
      const version = String(trained);
      model.shadow(options.retrained?.(version) ?? { version, usual: 0.97, other: 0.965, learnedOther: true });
    }
    const share = otherShare(now / DAY);
    traffic(share);
    const { state: after, decision } = decide(policy, state, measure(share));
    state = after;
    if (decision.action !== 'none' && decision.heldUntil === undefined) {
      state = taken(state, decision, now);
      steps.push({ day: now / DAY, action: decision.action, version: decision.version, reason: decision.reason });
      apply(decision.action);
    }
    if (restarts) state = JSON.parse(JSON.stringify(state)) as PolicyState;
  }
  return { steps, model, state };
}
