import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '../../src/classifier/learning/random.ts';
import type { LabelSource } from '../../src/feedback/database/feedback.ts';
import { type FeedbackDatabase, openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { createExperimentLog, type ExperimentLog, versionKeyOf } from '../../src/feedback/experiment-log.ts';
import type { FeedbackStore } from '../../src/feedback/feedback-store.ts';
import { decide } from '../../src/maintenance/rollout/policy.ts';
import { measureForPolicy } from '../../src/maintenance/rollout/policy-measurements.ts';
import { type Action, initialState, type PolicyState } from '../../src/maintenance/rollout/policy-state.ts';
import { recordAction } from '../../src/maintenance/rollout/state-updates.ts';
import { type Policy, policySchema } from '../../src/models/policy-file.ts';
import type { RecordedChange } from '../../src/models/roles.ts';
import type { Model, ModelVersions } from '../../src/models/store.ts';
import { createSilentLog } from '../../src/telemetry/logs/log.ts';

/** In memory where there is such a folder: the simulation makes thousands of commits, and none needs to last. */
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2027, 0, 1);
/** The share of texts that are equally hard for both versions. */
const SHARED_DIFFICULTY = 0.9;

/** A label that comes for a prediction; undefined for none. */
export type Labelling = (prediction: {
  readonly isRight: boolean;
  readonly asked: boolean;
  readonly random: () => number;
}) => { readonly source: LabelSource; readonly afterMs: number } | undefined;

export interface SimulatedExperiment {
  readonly seed: number;
  readonly labelling: Labelling;
  /** The accuracies of the active version and of the candidate. */
  readonly active: number;
  readonly candidate: number;
  readonly predictionsPerDay: number;
  readonly reviewShare?: number;
  readonly policy?: Partial<Policy>;
  readonly days?: number;
}

/** The actions of the policy, and the last recommendation that was not carried out. */
export interface Outcome {
  readonly actions: readonly Action[];
  readonly promoted: boolean;
  readonly lastReason: string;
}

interface Given {
  readonly at: number;
  readonly feedback: Parameters<FeedbackDatabase['record']>[0][number];
}

/**
 * Simulates a candidate that becomes shadow on the first day. The time and the traffic are simulated. The store of feedback, the
 * log of experiments, the measurements and the policy are the real ones.
 */
export async function simulateExperiment(options: SimulatedExperiment): Promise<Outcome> {
  const folder = mkdtempSync(join(FOLDER, 'waymark-simulated-'));
  let now = START;
  const database = openFeedbackDatabase(folder, () => now);
  try {
    return await simulate(options, database, (time) => {
      now = time;
    });
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

async function simulate(
  options: SimulatedExperiment,
  database: FeedbackDatabase,
  setTime: (now: number) => void,
): Promise<Outcome> {
  const { seed, labelling, predictionsPerDay, reviewShare = 0, days = 16 } = options;
  const random = createRandom(seed);
  const policy = policySchema.parse({ mode: 'automatic', ...options.policy });
  const store = storeOf(database);
  const experimentLog = createExperimentLog(store.experiments, createSilentLog());
  const [active, candidate] = [modelOf('1', 'a'), modelOf('2', 'b')];
  const service = createRoles(active, candidate, experimentLog);
  const actions: Action[] = [];
  let given: Given[] = [];
  let state: PolicyState = initialState;
  let lastReason = '';
  let count = 0;

  function predict(at: number): void {
    count += 1;
    const { versions } = service;
    const isCanary = versions.canary !== undefined && random() < versions.canary.share;
    const answering = isCanary ? candidate : versions.active;
    const difficulty = random();
    const isShared = random() < SHARED_DIFFICULTY;
    const isRight = (accuracy: number) => (isShared ? difficulty : random()) < accuracy;
    const right = {
      active: isRight(versions.active === active ? options.active : options.candidate),
      candidate: isRight(options.candidate),
    };
    const labelOf = (isCorrect: boolean) => (isCorrect ? 'spam' : 'ham');
    const isAnswerRight = isCanary ? right.candidate : right.active;
    const asked = random() < reviewShare;
    const id = `prediction-${seed}-${String(count).padStart(16, '0')}`;
    const role = isCanary ? 'canary' : 'active';
    experimentLog.recordAnswer(answering, role, 1e-4, 0.9, at, asked);
    if (!isCanary && versions.shadow) {
      experimentLog.recordShadowResult({
        id,
        predictedAt: at,
        active: versions.active,
        activeLabel: labelOf(right.active),
        shadow: versions.shadow,
        shadowLabel: labelOf(right.candidate),
        confidence: 0.9,
        seconds: 1e-4,
        asked,
      });
    }
    const label = labelling({ isRight: isAnswerRight, asked, random });
    if (!label) return;
    const facts = { id, predicted: labelOf(isAnswerRight), actual: 'spam', source: label.source, predictedAt: at };
    const receivedAt = at + label.afterMs;
    const feedback = { ...versionKeyOf(answering), ...facts, receivedAt, role, confidence: 0.9 } as const;
    given.push({ at: receivedAt, feedback: { ...feedback, reviewShare: asked ? reviewShare : 0 } });
  }

  for (let hour = 0; hour < days * 24; hour += 1) {
    const start = START + hour * HOUR;
    const predictions = Math.floor(predictionsPerDay / 24 + random());
    setTime(start);
    for (let at = 0; at < predictions; at += 1) predict(start + Math.floor(((at + 0.5) * HOUR) / predictions));
    if (hour % 6 !== 5) continue;

    // Nothing reads the store between two evaluations.
    const now = start + HOUR;
    setTime(now);
    await experimentLog.flush();
    const isDue = ({ at }: Given) => at <= now;
    database.record(given.filter(isDue).map(({ feedback }) => feedback));
    given = given.filter((one) => !isDue(one));
    const measurements = await measureForPolicy(service.versions, policy, state, service.sources(store), now);
    const { state: after, decision } = decide(policy, state, measurements);
    state = after;
    lastReason = decision.reason;
    if (decision.action === 'none' || decision.coolDownUntil !== undefined || decision.unproven !== undefined) continue;
    state = recordAction(state, decision, now);
    actions.push(decision.action);
    service.apply(decision.action, policy, now);
    if (decision.action === 'promote' || !(service.versions.shadow || service.versions.canary)) break;
  }
  return { actions, promoted: actions.includes('promote'), lastReason };
}

/** Returns the database as a store, without the thread that the service has for it. */
function storeOf(database: FeedbackDatabase): FeedbackStore {
  const methods = (target: object) =>
    Object.entries(target)
      .filter(([, method]) => typeof method === 'function')
      .map(([name, method]) => [name, async (...args: unknown[]) => method(...args)]);
  const experiments = Object.fromEntries(methods(database.experiments));
  return { ...Object.fromEntries(methods(database)), experiments };
}

function modelOf(version: string, digit: string): Model {
  const manifest = { weights: { sha256: digit.repeat(64) }, evaluation: { accuracy: 0.9, count: 1_000 } };
  return { name: 'spam', version, manifest, classifier: { labels: ['ham', 'spam'] } } as unknown as Model;
}

/** The roles of the two versions, and the audit trail that the measurements read. */
function createRoles(active: Model, candidate: Model, experimentLog: ExperimentLog) {
  let versions: ModelVersions = { name: 'spam', active, shadow: candidate, versions: [candidate, active] };
  let activeSince = START - 30 * DAY;
  let previous: string[] = [];
  const changes: RecordedChange[] = [];
  const record = (action: RecordedChange['action'], to: string | null, at: number) => {
    changes.unshift({ revision: changes.length + 1, at, actor: 'policy', action, reason: '', from: null, to });
    experimentLog.startSlot('spam', at);
  };
  record('shadow', candidate.version, START);
  const without = ({ name, active: current, versions: all }: ModelVersions) => ({
    name,
    active: current,
    versions: all,
  });

  return {
    get versions() {
      return versions;
    },
    sources: (feedbackStore: FeedbackStore) => ({
      registry: {
        roles: () => ({ activeSince, previous }) as never,
        changes: async () => changes,
      },
      feedbackStore,
      driftMonitor: { report: () => ({ verdict: 'stable', features: [{ psi: 0 }] }) as never },
      retrainer: { list: async () => [] },
    }),
    apply(action: Action, policy: Policy, now: number) {
      if (action === 'canary') {
        versions = { ...without(versions), canary: { model: candidate, share: policy.promote.canaryShare } };
        record('canary', candidate.version, now);
      } else if (action === 'promote') {
        previous = [versions.active.version];
        versions = { ...without(versions), active: candidate };
        activeSince = now;
        record('activate', candidate.version, now);
      } else if (action === 'drop-shadow' || action === 'drop-canary') {
        versions = without(versions);
        record(action === 'drop-shadow' ? 'shadow' : 'canary', null, now);
      }
    },
  };
}
