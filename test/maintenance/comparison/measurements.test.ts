import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDriftMonitor } from '../../../src/drift/drift-monitor.ts';
import { createExperimentLog } from '../../../src/feedback/experiment-log.ts';
import { openFeedbackStore } from '../../../src/feedback/feedback-store.ts';
import { compareVersions } from '../../../src/maintenance/comparison/comparison.ts';
import { gatherMeasurements } from '../../../src/maintenance/comparison/measurements.ts';
import { openRegistry } from '../../../src/models/registry.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';
import { smallModels } from '../../models/small-models.ts';

const silent = createLog('silent', { write: () => {} });
const by = { actor: 'a test', reason: '' };

/** Opens a registry with three versions (1 active, 2 shadow, 3 canary) and the stores that measure them. */
async function startExperiment() {
  const registry = await openRegistry({ folder: await smallModels('1', '2', '3'), log: silent });
  const feedbackStore = await openFeedbackStore(await mkdtemp(join(tmpdir(), 'waymark-measured-')));
  onTestFinished(async () => {
    await registry.close();
    await feedbackStore.close();
  });
  await registry.change('spam', { action: 'activate', version: '1' }, by);
  await registry.change('spam', { action: 'shadow', version: '2' }, by);
  const versions = await registry.change('spam', { action: 'canary', version: '3', share: 0.25 }, by);
  const driftMonitor = createDriftMonitor();
  const experimentLog = createExperimentLog(feedbackStore.experiments, silent);
  const recordFeedback = (version: string, predicted: string, actual: string, text?: string) =>
    feedbackStore.record({
      id: crypto.randomUUID(),
      model: 'spam',
      version,
      predicted,
      actual,
      predictedAt: Date.now(),
      receivedAt: Date.now(),
      text,
    });
  return { versions, sources: { registry, feedbackStore, driftMonitor }, experimentLog, recordFeedback };
}

describe('measurements', () => {
  test('cover each version in its role', async () => {
    const { versions, sources, experimentLog, recordFeedback } = await startExperiment();
    const { active, shadow, canary } = versions;
    for (let at = 0; at < 100; at += 1) experimentLog.recordAnswer(active, at < 98 ? 1e-4 : 1e-2, 0.9);
    experimentLog.recordFailure(active, 'answer');
    experimentLog.recordAnswer(canary!.model, 1e-3, 0.8);
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
      });
      const receivedAt = Date.now();
      await sources.feedbackStore.record({
        id,
        model: 'spam',
        version: '1',
        predicted: 'spam',
        actual: shadowLabel === 'news' ? 'news' : 'spam',
        predictedAt,
        receivedAt,
        text: 'a text',
      });
    }
    experimentLog.recordFailure(shadow!, 'shadow');
    await experimentLog.flush();
    await recordFeedback('3', 'spam', 'spam');
    await recordFeedback('3', 'spam', 'ham');

    const now = Date.now();
    expect(await gatherMeasurements(versions, sources, now)).toEqual({
      now,
      active: {
        version: '1',
        since: expect.any(Number),
        predictions: 100,
        errors: 1,
        p99Seconds: expect.closeTo(1e-2, 3),
        feedback: { count: 4, correct: 3 },
        trainingAccuracy: active.manifest.evaluation.accuracy,
      },
      shadow: {
        version: '2',
        since: expect.any(Number),
        predictions: 4,
        errors: 1,
        p99Seconds: expect.closeTo(2e-4, 4),
        feedback: { count: 4, correct: 3 },
        trainingAccuracy: shadow!.manifest.evaluation.accuracy,
        agreement: 0.5,
        paired: { bothRight: 2, onlyActive: 1, onlyShadow: 1, neither: 0 },
      },
      canary: {
        version: '3',
        share: 0.25,
        since: expect.any(Number),
        predictions: 1,
        errors: 0,
        p99Seconds: expect.closeTo(1e-3, 4),
        feedback: { count: 2, correct: 1 },
        trainingAccuracy: canary!.model.manifest.evaluation.accuracy,
      },
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
    const { canary, active } = await gatherMeasurements(changed, sources);
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
    experimentLog.recordAnswer(versions.active, 1e-4, 0.9);
    experimentLog.recordAnswer(versions.canary!.model, 4e-4, 0.6);
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
