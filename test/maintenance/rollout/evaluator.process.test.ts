import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { evidenceOfArms } from '../../../src/maintenance/comparison/evidence.ts';
import { type Evaluator, type EvaluatorOptions, startEvaluator } from '../../../src/maintenance/rollout/evaluator.ts';
import { reportMaintenance } from '../../../src/maintenance/rollout/maintenance-report.ts';
import type { PolicyMeasurements } from '../../../src/maintenance/rollout/policy-measurements.ts';
import { initialState } from '../../../src/maintenance/rollout/policy-state.ts';
import {
  createSharedStates,
  createStateFiles,
  type PolicyStates,
} from '../../../src/maintenance/rollout/policy-states.ts';
import { Problem } from '../../../src/platform/problems.ts';
import type { DatabaseAddress } from '../../../src/postgres/address.ts';
import { createSharedState } from '../../../src/postgres/shared-state.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';
import { describeWithPostgres, openForTest } from '../../support/with-postgres.ts';

let folder: string;
let lines: Record<string, unknown>[];
let counted: unknown[];
let applied: string[];
let evaluators: Evaluator[];
/** The result of each measurement; tests change it. */
let measured: Omit<PolicyMeasurements, 'now'>;

const stable: Omit<PolicyMeasurements, 'now'> = {
  active: {
    version: '1',
    since: 0,
    predictions: 1_000,
    errors: 0,
    p99Seconds: 0.001,
    total: { predictions: 1_000, errors: 0, durations: [{ bucket: 80, count: 1_000 }] },
    feedback: { count: 500, correct: 485 },
    coverage: { due: 500, labelled: 500, asked: 0, reviewed: 0 },
    reports: { predictions: 1_000, objections: 0 },
    trainingAccuracy: 0.97,
    trainingTexts: 10_000,
  },
  drift: { verdict: 'stable', psi: 0.01 },
  feedbackWithText: 500,
  recent: { count: 500, correct: 485 },
  recentAtBest: [{ count: 500, correct: 485 }],
  retraining: false,
};
const stale = { ...stable, recent: { count: 500, correct: 400 }, recentAtBest: [{ count: 500, correct: 400 }] };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-evaluator-'));
  await mkdir(join(folder, 'models/spam'), { recursive: true });
  lines = [];
  counted = [];
  applied = [];
  evaluators = [];
  measured = stable;
});
afterEach(async () => {
  await Promise.all(evaluators.map((evaluator) => evaluator.close()));
  await rm(folder, { recursive: true });
});

async function writePolicy(policy: object | string): Promise<void> {
  const text = typeof policy === 'string' ? policy : JSON.stringify(policy);
  await writeFile(join(folder, 'models/spam/policy.json'), text);
}

/** Starts an evaluator with a pause of an hour, so that it evaluates only on request. */
function startTestEvaluator(options: Partial<EvaluatorOptions> = {}): Evaluator {
  const started = startEvaluator({
    modelsFolder: join(folder, 'models'),
    states: createStateFiles(join(folder, 'data')),
    models: () => new Map([['spam', {} as never]]),
    measure: async () => ({ ...measured, now: Date.now() }),
    apply: async (_model, _policy, { action }) => void applied.push(action),
    log: createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) }),
    instruments: { maintenanceDecisions: { add: (_one, labels) => void counted.push(labels) } },
    maxPauseMs: 3_600_000,
    ...options,
  });
  evaluators.push(started);
  return started;
}

const report = () => reportMaintenance(join(folder, 'models'), createStateFiles(join(folder, 'data')), 'spam');
const maintenanceRecords = () => lines.filter(({ msg }) => msg === 'model maintenance');
const withoutDelay = { retrain: { accuracyDrop: { forSeconds: 0 } } };

describe('the evaluator', () => {
  test('logs a recommendation once', async () => {
    await writePolicy({ ...withoutDelay });
    measured = stale;
    const { evaluate } = startTestEvaluator();
    const [first] = await evaluate();
    expect(first).toMatchObject({ model: 'spam', action: 'retrain', applied: false });
    const { recommendation } = await report();
    expect(recommendation).toMatchObject({ action: 'retrain', numbers: { accuracy: 0.8, feedbackWithText: 500 } });
    expect(recommendation?.reason).toMatch(/^its accuracy, 80\.0 % of 500 labels, has been below 9\d\.\d %/);
    await evaluate();
    await evaluate();
    expect((await report()).recommendation?.since).toBe(recommendation?.since);
    expect(applied).toEqual([]);
    expect(maintenanceRecords()).toHaveLength(1);
    expect(maintenanceRecords()[0]).toMatchObject({
      'classifier.maintenance.action': 'retrain',
      'classifier.maintenance.applied': false,
    });
    expect(counted).toEqual([{ model: 'spam', action: 'retrain', applied: 'false' }]);
    measured = stable;
    await evaluate();
    expect(await report()).toMatchObject({ mode: 'recommend', recommendation: null, lastAction: null });
  });

  test('only recommends what few labels say, and says why', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    const coverage = { due: 40_000, labelled: 500, asked: 0, reviewed: 0 };
    // All labels are errors that somebody saw. If the others were correct, the accuracy would be 98.8 %.
    measured = {
      ...stable,
      active: { ...stable.active, coverage },
      recent: { count: 500, correct: 0 },
      recentAtBest: [{ count: 40_000, correct: 39_500 }],
    };
    const { evaluate } = startTestEvaluator();
    expect(await evaluate()).toMatchObject([{ action: 'retrain', applied: false }]);
    expect(applied).toEqual([]);
    expect((await report()).recommendation?.reason).toMatch(
      /only recommended: labels exist for 500 of 40000 predictions .* nobody knows whether these labels are a fair sample/,
    );
    await writePolicy({ mode: 'automatic', labels: { fairSample: true }, ...withoutDelay });
    expect(await evaluate()).toMatchObject([{ action: 'retrain', applied: true }]);
  });

  test('acts in automatic mode, and then waits for the cool-down', async () => {
    await writePolicy({ mode: 'automatic', cooldownSeconds: 600, ...withoutDelay });
    measured = stale;
    const { evaluate } = startTestEvaluator();
    expect(await evaluate()).toMatchObject([{ action: 'retrain', applied: true }]);
    measured = { ...stale, feedbackWithText: 5_000 };
    expect(await evaluate()).toMatchObject([{ action: 'retrain', applied: false }]);
    expect(applied).toEqual(['retrain']);
    const { lastAction, cooldownUntil, recommendation } = await report();
    expect(lastAction).toMatchObject({ action: 'retrain', version: null });
    expect(Date.parse(cooldownUntil!) - Date.parse(lastAction!.at)).toBe(600_000);
    expect(recommendation?.heldUntil).toBe(cooldownUntil);
  });

  test('tries a failed action again, and logs the failure once', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    measured = stale;
    let fails = true;
    const { evaluate } = startTestEvaluator({
      apply: async (_model, _policy, { action }) => {
        if (fails) throw new Problem('model-needed', 'The data are not declared.');
        applied.push(action);
      },
    });
    await evaluate();
    await evaluate();
    expect((await report()).recommendation).toMatchObject({ action: 'retrain', failure: 'The data are not declared.' });
    expect(lines.filter(({ msg }) => msg === 'maintenance failed')).toHaveLength(1);
    fails = false;
    await evaluate();
    expect(applied).toEqual(['retrain']);
    expect((await report()).recommendation).toBeNull();
  });

  test('does nothing with an invalid policy, and logs the error once', async () => {
    await writePolicy('{"mode": "automatic", "everySecond": 1}');
    measured = stale;
    const { evaluate } = startTestEvaluator();
    expect(await evaluate()).toEqual([]);
    expect(await evaluate()).toEqual([]);
    expect(lines.filter(({ msg }) => msg === 'policy refused')).toHaveLength(1);
    expect(await report()).toMatchObject({ mode: 'off', problem: expect.stringContaining('everySecond') });
  });

  test.each([
    ['does not repeat an action that was carried out', '2', []],
    ['repeats an action that was not carried out', '1', ['promote']],
  ])('after a crash %s', async (_, active, expected) => {
    await writePolicy({
      mode: 'automatic',
      everySeconds: 3_600,
      promote: { minimumCanarySeconds: 0, minimumCanaryFeedback: 0 },
    });
    await mkdir(join(folder, 'data/maintenance'), { recursive: true });
    const pending = { action: 'promote', version: '2', reason: 'it is better', numbers: {}, at: Date.now() };
    const proven = { version: '2', confidence: 0.99, provenConfidence: 0.99 };
    const state = {
      ...initialState,
      active: { version: '1', since: 0, predictions: 0, errors: 0, p99Seconds: null, replaced: null },
      proven,
      pending,
    };
    await writeFile(join(folder, 'data/maintenance/spam.json'), JSON.stringify(state));
    const { total } = stable.active;
    const evidence = evidenceOfArms([], []);
    const canary = { ...stable.active, beside: total, version: '2', share: 0.1, evidence, reportedMore: 1 };
    measured = { ...stable, active: { ...stable.active, version: active }, ...(active === '1' && { canary }) };
    await startTestEvaluator().evaluate();
    expect(applied).toEqual(expected);
    expect((await report()).lastAction).toMatchObject({ action: 'promote', version: '2' });
  });

  test('shares its state between processes: only one of them acts', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    measured = stale;
    const both = [startTestEvaluator(), startTestEvaluator()];
    await Promise.all(both.flatMap(({ evaluate }) => [evaluate(), evaluate()]));
    expect(applied).toEqual(['retrain']);
  });

  test('evaluates at the interval of the policy, over all processes together', async () => {
    await writePolicy({ everySeconds: 0.1 });
    let evaluations = 0;
    const third = Promise.withResolvers<void>();
    const measure = async () => {
      evaluations += 1;
      if (evaluations === 3) third.resolve();
      return { ...measured, now: Date.now() };
    };
    startTestEvaluator({ measure, maxPauseMs: 50 });
    startTestEvaluator({ measure, maxPauseMs: 50 });
    await third.promise;
    expect((await report()).evaluatedAt).not.toBeNull();
  });

  test('a clock that was ahead once holds up no action, no recommendation and no log record', async () => {
    await writePolicy({ mode: 'automatic', cooldownSeconds: 600, ...withoutDelay });
    const ahead = Date.now() + 86_400_000;
    await mkdir(join(folder, 'data/maintenance'), { recursive: true });
    const decision = { action: 'retrain', version: null, reason: 'a reason', numbers: {} };
    const state = {
      ...initialState,
      holds: { accuracyDrop: ahead },
      lastAt: { retrain: ahead },
      lastAction: { ...decision, at: ahead },
      told: { what: 'retrain  ', at: ahead },
      evaluatedAt: ahead,
    };
    await writeFile(join(folder, 'data/maintenance/spam.json'), JSON.stringify(state));
    expect(Date.parse((await report()).cooldownUntil!)).toBeLessThanOrEqual(Date.now() + 600_000);
    measured = stale;
    await startTestEvaluator().evaluate();
    const { recommendation, lastAction, evaluatedAt } = await report();
    expect(recommendation).toMatchObject({ action: 'retrain' });
    for (const time of [recommendation!.since, lastAction!.at, evaluatedAt!]) {
      expect(Date.parse(time)).toBeLessThanOrEqual(Date.now());
    }
    expect(Date.parse(recommendation!.heldUntil!)).toBeLessThanOrEqual(Date.now() + 600_000);
    const saved = JSON.parse(await readFile(join(folder, 'data/maintenance/spam.json'), 'utf8')) as typeof state;
    expect(saved.told.at).toBeLessThanOrEqual(Date.now());
  });

  test('does nothing with a damaged state file, and reports the file', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    await mkdir(join(folder, 'data/maintenance'), { recursive: true });
    await writeFile(join(folder, 'data/maintenance/spam.json'), '{"format": 1');
    measured = stale;
    await expect(startTestEvaluator().evaluate()).rejects.toThrow();
    expect(applied).toEqual([]);
    expect(await report()).toMatchObject({ mode: 'off', problem: expect.stringContaining('maintenance/spam.json') });
  });

  test('ends an evaluation that has lost its lock before it acts', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    measured = stale;
    const states: PolicyStates = {
      ...createStateFiles(join(folder, 'data')),
      withLock: (work) => work(() => Promise.reject(new Error('the lock is lost'))),
    };
    await expect(startTestEvaluator({ states }).evaluate()).rejects.toThrow('the lock is lost');
    expect(applied).toEqual([]);
  });

  test('writes a complete state file', async () => {
    await writePolicy({});
    await startTestEvaluator().evaluate();
    const state = JSON.parse(await readFile(join(folder, 'data/maintenance/spam.json'), 'utf8'));
    expect(state).toMatchObject({ format: 1, waitingFor: 'the active version performs as it did in training' });
  });
});

describeWithPostgres('replicas with one database', (server) => {
  function openStates(address: DatabaseAddress): PolicyStates {
    return createSharedStates(createSharedState(openForTest(address)));
  }

  test('evaluate one after the other, and act once', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    measured = stale;
    const address = await server().newDatabase();
    let running = 0;
    const measure = async () => {
      running += 1;
      expect(running).toBe(1);
      await new Promise(setImmediate);
      running -= 1;
      return { ...measured, now: Date.now() };
    };
    const replicas = [1, 2, 3].map(() => startTestEvaluator({ states: openStates(address), measure }));
    await Promise.all(replicas.flatMap(({ evaluate }) => [evaluate(), evaluate()]));
    expect(applied).toEqual(['retrain']);
    const shown = await reportMaintenance(join(folder, 'models'), openStates(address), 'spam');
    expect(shown.lastAction).toMatchObject({ action: 'retrain' });
  });

  test('do not act with a state that is damaged, and report it', async () => {
    await writePolicy({ mode: 'automatic', ...withoutDelay });
    const address = await server().newDatabase();
    const states = openStates(address);
    await states.read('spam');
    await server().sql(address, "INSERT INTO waymark.documents VALUES ('policy state of spam', 0, '{', now())");
    await expect(startTestEvaluator({ states }).evaluate()).rejects.toThrow();
    const { mode, problem } = await reportMaintenance(join(folder, 'models'), states, 'spam');
    expect([mode, problem]).toEqual(['off', expect.stringContaining('policy state of spam')]);
  });
});
