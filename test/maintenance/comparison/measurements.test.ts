import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDriftMonitor } from '../../../src/drift/drift-monitor.ts';
import type { Feedback } from '../../../src/feedback/database/feedback.ts';
import { createExperimentLog, versionKeyOf } from '../../../src/feedback/experiment-log.ts';
import { openFeedbackStore } from '../../../src/feedback/feedback-store.ts';
import { compareVersions } from '../../../src/maintenance/comparison/comparison.ts';
import { gatherMeasurements } from '../../../src/maintenance/comparison/measurements.ts';
import { measureForPolicy } from '../../../src/maintenance/rollout/policy-measurements.ts';
import { initialState } from '../../../src/maintenance/rollout/policy-state.ts';
import { policySchema } from '../../../src/models/policy-file.ts';
import { openRegistry } from '../../../src/models/registry.ts';
import { smallModels } from '../../models/small-models.ts';
import { silentLog } from '../../support/silent-log.ts';

const by = { actor: 'a test', reason: '' };

/** Opens a registry with three versions (1 active, 2 shadow, 3 canary) and the stores that measure them. */
async function startExperiment() {
  const feedbackStore = await openFeedbackStore(await mkdtemp(join(tmpdir(), 'waymark-measured-')));
  const experimentLog = createExperimentLog(feedbackStore.experiments, silentLog);
  const registry = await openRegistry({
    folder: await smallModels('1', '2', '3'),
    log: silentLog,
    onSwap: ({ name }, changedAt) => experimentLog.startSlot(name, changedAt),
  });
  onTestFinished(async () => {
    await registry.close();
    await feedbackStore.close();
  });
  await registry.change('spam', { action: 'activate', version: '1' }, by);
  await registry.change('spam', { action: 'shadow', version: '2' }, by);
  const versions = await registry.change('spam', { action: 'canary', version: '3', share: 0.25 }, by);
  const driftMonitor = createDriftMonitor();
  const recordFeedback = (version: string, predicted: string, actual: string, changes: Partial<Feedback> = {}) =>
    feedbackStore.record({
      ...versionKeyOf(versions.versions.find((model) => model.version === version)!),
      id: crypto.randomUUID(),
      predicted,
      actual,
      source: 'truth',
      role: version === '3' ? 'canary' : 'active',
      confidence: 0.9,
      reviewShare: 0,
      predictedAt: Date.now(),
      receivedAt: Date.now(),
      ...changes,
    });
  return { versions, sources: { registry, feedbackStore, driftMonitor }, experimentLog, recordFeedback };
}

describe('measurements', () => {
  test('leave out predictions of the future, which exist if the clock was ahead once', async () => {
    const { versions, sources, experimentLog, recordFeedback } = await startExperiment();
    const { active, canary, shadow } = versions;
    const now = Date.now();
    const ahead = now + 86_400_000;
    for (const at of [now, ahead]) {
      experimentLog.recordAnswer(active, 'active', 1e-4, 0.9, at, false);
      experimentLog.recordAnswer(canary!.model, 'canary', 1e-4, 0.9, at, false);
      const pair = { active, activeLabel: 'spam', shadow: shadow!, shadowLabel: 'ham' };
      const id = crypto.randomUUID();
      experimentLog.recordShadowResult({ ...pair, id, predictedAt: at, confidence: 0.7, seconds: 2e-4, asked: false });
      await recordFeedback('1', 'spam', 'ham', { predictedAt: at });
      await recordFeedback('3', 'spam', 'spam', { predictedAt: at });
      await experimentLog.flush();
    }
    const measurements = await gatherMeasurements(versions, sources, now);
    for (const version of [measurements.active, measurements.canary!]) {
      expect(version).toMatchObject({ predictions: 1, total: { predictions: 1 }, feedback: { count: 1 } });
    }
    expect(measurements.besideCanary).toMatchObject({ count: 1 });
    expect(measurements.shadow!.coverage).toMatchObject({ due: 1 });
    const policy = policySchema.parse({});
    const retrainer = { list: async () => [] };
    const state = initialState;
    const measured = await measureForPolicy(versions, policy, state, { ...sources, retrainer }, now);
    expect(measured.recent).toEqual({ count: 1, correct: 0 });
    const comparison = await compareVersions(versions, sources, now);
    expect(comparison).toMatchObject({ canary: { feedback: { count: 1 }, activeFeedback: { count: 1 } } });
  });

  test('cover each version in its role', async () => {
    const { versions, sources, experimentLog, recordFeedback } = await startExperiment();
    const { active, shadow, canary } = versions;
    for (let at = 0; at < 100; at += 1)
      experimentLog.recordAnswer(active, 'active', at < 98 ? 1e-4 : 1e-2, 0.9, Date.now(), false);
    experimentLog.recordFailure(active, 'active', Date.now());
    experimentLog.recordAnswer(canary!.model, 'canary', 1e-3, 0.8, Date.now(), false);
    for (const shadowLabel of ['spam', 'spam', 'ham', 'news']) {
      const predictedAt = Date.now();
      const id = crypto.randomUUID();
      experimentLog.recordShadowResult({
        id,
        predictedAt,
        active,
        activeLabel: 'spam',
        shadow: shadow!,
        shadowLabel,
        confidence: 0.7,
        seconds: 2e-4,
        asked: false,
      });
      const actual = shadowLabel === 'news' ? 'news' : 'spam';
      await recordFeedback('1', 'spam', actual, { id, predictedAt, text: 'a text' });
    }
    experimentLog.recordFailure(shadow!, 'shadow', Date.now());
    await experimentLog.flush();
    await recordFeedback('3', 'spam', 'spam');
    await recordFeedback('3', 'spam', 'ham');

    const now = Date.now();
    expect(await gatherMeasurements(versions, sources, now)).toEqual({
      now,
      active: {
        version: '1',
        artefact: expect.stringMatching(/^[0-9a-f]{12}$/),
        since: expect.any(Number),
        predictions: 100,
        errors: 1,
        p99Seconds: expect.closeTo(1e-2, 3),
        total: { predictions: 100, errors: 1, durations: expect.any(Array) },
        coverage: { due: 100, labelled: 4, asked: 0, reviewed: 0 },
        reports: { predictions: 100, objections: 0 },
        feedback: { count: 4, correct: 3 },
        trainingAccuracy: active.manifest.evaluation.accuracy,
        trainingTexts: active.manifest.evaluation.count,
      },
      shadow: {
        version: '2',
        artefact: expect.stringMatching(/^[0-9a-f]{12}$/),
        since: expect.any(Number),
        predictions: 4,
        errors: 1,
        p99Seconds: expect.closeTo(2e-4, 4),
        total: { predictions: 4, errors: 1, durations: expect.any(Array) },
        beside: { predictions: 100, errors: 1, durations: expect.any(Array) },
        // Two texts have two different labels.
        coverage: { due: 2, labelled: 2, asked: 0, reviewed: 0 },
        reports: { predictions: 0, objections: 0 },
        evidence: expect.objectContaining({ provenBetter: expect.any(Number), provenWorse: expect.any(Number) }),
        feedback: { count: 4, correct: 3 },
        trainingAccuracy: shadow!.manifest.evaluation.accuracy,
        trainingTexts: shadow!.manifest.evaluation.count,
        agreement: 0.5,
        paired: { bothRight: 2, onlyActive: 1, onlyShadow: 1, neither: 0 },
      },
      canary: {
        version: '3',
        share: 0.25,
        artefact: expect.stringMatching(/^[0-9a-f]{12}$/),
        since: expect.any(Number),
        predictions: 1,
        errors: 0,
        p99Seconds: expect.closeTo(1e-3, 4),
        total: { predictions: 1, errors: 0, durations: expect.any(Array) },
        beside: { predictions: 100, errors: 1, durations: expect.any(Array) },
        coverage: { due: 1, labelled: 2, asked: 0, reviewed: 0 },
        reports: { predictions: 1, objections: 0 },
        evidence: expect.objectContaining({ better: 1, worse: 1 }),
        reportedMore: 0,
        feedback: { count: 2, correct: 1 },
        trainingAccuracy: canary!.model.manifest.evaluation.accuracy,
        trainingTexts: canary!.model.manifest.evaluation.count,
      },
      besideCanary: { due: 100, count: 4, correct: 3 },
      drift: { verdict: 'unsure', psi: 0 },
      feedbackWithText: 4,
    });
  });

  test('count from the time when a version took its role', async () => {
    const { versions, sources, recordFeedback } = await startExperiment();
    await recordFeedback('3', 'spam', 'spam');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const changed = await sources.registry.change('spam', { action: 'canary', version: '3', share: 0.5 }, by);
    const before = Date.now();
    // The label of an earlier prediction comes late, and one is of a request that named the version.
    await recordFeedback('1', 'spam', 'spam', { predictedAt: changed.canary ? before - 60_000 : 0 });
    await recordFeedback('1', 'spam', 'spam', { role: 'named' });
    const { canary, active, besideCanary } = await gatherMeasurements(changed, sources);
    expect(besideCanary).toMatchObject({ count: 0 });
    // A new share starts a new experiment, because it changes which version answers a request.
    expect(canary!.feedback.count).toBe(0);
    expect(canary!.since).toBeGreaterThan(active.since);
    expect(canary!.since).toBeLessThanOrEqual(before);
    expect(versions.canary!.share).toBe(0.25);
  });
});

test('a canary is compared with the active version on feedback of the same time', async () => {
  const { versions, sources, experimentLog, recordFeedback } = await startExperiment();
  for (let at = 0; at < 10; at += 1) {
    experimentLog.recordAnswer(versions.active, 'active', 1e-4, 0.9, Date.now(), false);
    experimentLog.recordAnswer(versions.canary!.model, 'canary', 4e-4, 0.6, Date.now(), false);
  }
  await experimentLog.flush();
  for (let at = 0; at < 60; at += 1) await recordFeedback('1', 'spam', at < 57 ? 'spam' : 'ham');
  for (let at = 0; at < 40; at += 1) await recordFeedback('3', 'spam', at < 20 ? 'spam' : 'ham');
  const { canary } = await compareVersions(versions, sources);
  expect(canary).toMatchObject({
    version: '3',
    share: 0.25,
    predictions: 10,
    errors: 0,
    latencyRatio: { p50: expect.closeTo(4, 5), p99: expect.closeTo(4, 5) },
    meanConfidence: expect.closeTo(0.6, 9),
    activeMeanConfidence: expect.closeTo(0.9, 9),
    feedback: { count: 40, correct: 20, accuracy: 0.5 },
    activeFeedback: { count: 60, correct: 57, accuracy: 0.95 },
    test: { method: 'mixture-sprt', difference: expect.closeTo(-0.45, 9) },
  });
  expect(canary!.test.worse).toBeGreaterThan(20);
  expect(canary!.test.better).toBeLessThan(1);
  expect(canary!.test.interval!.high).toBeLessThan(0);
});
