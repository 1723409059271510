import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { post } from '../http/in-process.ts';
import { labelBy, SPAM_TEXT, smallModels } from '../models/small-models.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

interface Prediction {
  id: string;
  prediction: string;
  traceId: string;
}

/** Starts a service with a correct active version and a wrong shadow. */
async function startWithShadow(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startProcess({ MODELS_DIR: await smallModels('1', '2'), ...env });
  await post(`${service.url}/models/spam/activate`, { version: '1' });
  await post(`${service.url}/models/spam/shadow`, { version: '2' });
  return service;
}

async function predict({ url }: ServiceProcess, model?: string): Promise<Prediction> {
  return (await (await post(`${url}/predict`, { text: SPAM_TEXT, ...(model && { model }) })).json()) as Prediction;
}

async function predictBatch({ url }: ServiceProcess, size: number): Promise<Prediction[]> {
  const response = await post(`${url}/predict/batch`, { texts: Array(size).fill(SPAM_TEXT) });
  return ((await response.json()) as { predictions: Prediction[] }).predictions;
}

async function comparisonOf({ url }: Pick<ServiceProcess, 'url'>): Promise<{ shadow: unknown; canary: unknown }> {
  const model = (await (await fetch(`${url}/models/spam`)).json()) as {
    comparison: { shadow: unknown; canary: unknown };
  };
  return model.comparison;
}

/** Waits until the comparison has the expected figures, because a process sends its counts to the store each second. */
async function waitForComparison({ url }: ServiceProcess, expected: object): Promise<void> {
  await vi.waitFor(async () => expect((await comparisonOf({ url })).shadow).toMatchObject(expected), 30_000);
}

let receiver: OtlpReceiver;
let service: ServiceProcess;
let single: Prediction;
let named: Prediction;
let batch: Prediction[];
let metrics: string;
let comparison: unknown;

/** Sends one request of each kind, and then stops the service, so that it exports all its telemetry. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  service = await startWithShadow({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  single = await predict(service);
  named = await predict(service, 'spam@1');
  batch = await predictBatch(service, 3);
  const inputs = [{ name: 'text', shape: [1], datatype: 'BYTES', data: [SPAM_TEXT] }];
  expect((await post(`${service.url}/v2/models/spam/infer`, { inputs })).status).toBe(200);
  await post(`${service.url}/feedback`, { id: single.id, label: 'spam' });
  await post(`${service.url}/feedback`, { id: batch[0]!.id, label: 'ham' });
  await waitForComparison(service, { predictions: 5, feedback: { count: 2 } });
  comparison = await comparisonOf(service);
  metrics = await (await fetch(service.metricsUrl)).text();
  // The span of the last prediction waits for the shadow while the service stops.
  await predict(service);
  await service.stop();
}, 60_000);

afterAll(() => receiver.close());

describe('a shadow', () => {
  test('is on the span of each prediction whose request names no version', () => {
    const classified = receiver.spans.filter(({ name }) => name === 'classify');
    expect(classified).toHaveLength(7);
    for (const { attributes } of classified) {
      expect(attributes).toMatchObject({ 'classifier.model.version': '1', 'classifier.prediction.label': 'spam' });
      if (attributes['classifier.prediction.id'] === named.id) {
        expect(Object.keys(attributes).filter((name) => name.startsWith('classifier.shadow'))).toEqual([]);
      } else {
        expect(attributes).toMatchObject({
          'classifier.shadow.version': '2',
          'classifier.shadow.label': labelBy('2'),
          'classifier.shadow.confidence': expect.any(Number),
          'classifier.shadow.agrees': false,
        });
      }
    }
  });

  test('does not lengthen the classify span, which ends with its last step and within the request', () => {
    const spanOf = (name: string) =>
      receiver.spans.find((span) => span.name === name && span.traceId === single.traceId)!;
    expect(spanOf('classify').endTimeUnixNano).toBe(spanOf('score').endTimeUnixNano);
    expect(BigInt(spanOf('classify').endTimeUnixNano)).toBeLessThanOrEqual(
      BigInt(spanOf('POST /predict').endTimeUnixNano),
    );
  });

  test('gives no answers', () => {
    expect([single, named, ...batch].map(({ prediction }) => prediction)).toEqual(Array(5).fill('spam'));
  });

  test.each([
    ['classifier_shadow_predictions_total{model="spam",version="2",label="spam",agrees="false"}', 5],
    ['classifier_shadow_duration_seconds_count{model="spam",version="2"}', 5],
    ['classifier_shadow_confidence_count{model="spam",version="2"}', 5],
    ['classifier_shadow_feedback_total{model="spam",version="2",source="truth",actual="spam",predicted="ham"}', 1],
    ['classifier_shadow_feedback_total{model="spam",version="2",source="truth",actual="ham",predicted="ham"}', 1],
    ['classifier_predictions_total{model="spam",version="1",label="spam"}', 6],
    ['classifier_feature_observations_total{model="spam",version="2",feature="label",bin="ham"}', 5],
  ])('is counted: %s %d', (series, value) => {
    const line = metrics.split('\n').find((row) => row.startsWith(`${series} `));
    expect(line?.split(' ')[1]).toBe(String(value));
  });

  test('is compared with the active version', () => {
    expect(comparison).toMatchObject({
      canary: null,
      shadow: {
        version: '2',
        since: expect.stringMatching(/^\d{4}-/),
        predictions: 5,
        errors: 0,
        latencyRatio: { p50: expect.any(Number), p99: expect.any(Number) },
        meanConfidence: expect.any(Number),
        activeMeanConfidence: expect.any(Number),
        drift: 'unsure',
        agreement: 0,
        agreementInterval: { low: 0 },
        disagreements: [{ activeLabel: 'spam', shadowLabel: 'ham', count: 5 }],
        feedback: {
          count: 2,
          accuracy: 0.5,
          activeAccuracy: 0.5,
          paired: { bothRight: 0, onlyActive: 1, onlyShadow: 1, neither: 0 },
          confusionMatrix: {
            labels: ['ham', 'spam'],
            counts: [
              [1, 0],
              [1, 0],
            ],
          },
        },
        test: { method: 'mcnemar', exact: 1, better: expect.any(Number), worse: expect.any(Number) },
      },
    });
  });
});

test('without a shadow there is no telemetry of one', async () => {
  const otlp = await startOtlpReceiver();
  const alone = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url });
  await predict(alone);
  const text = await (await fetch(alone.metricsUrl)).text();
  const comparisons = await comparisonOf(alone);
  await alone.stop();
  expect(otlp.spans.map(({ name }) => name)).toContain('classify');
  expect(otlp.raw.join()).not.toContain('classifier.shadow');
  expect(text).not.toMatch(/^classifier_shadow/m);
  expect(comparisons).toEqual({ shadow: null, canary: null });
  await otlp.close();
});

test('a shadow that throws changes no answer', async () => {
  const broken = await startWithShadow({
    NODE_OPTIONS: `--import ${new URL('../stack/faults/broken-shadow.ts', import.meta.url).href}`,
  });
  expect((await predictBatch(broken, 20)).map(({ prediction }) => prediction)).toEqual(Array(20).fill('spam'));
  const skipped = async () =>
    (await (await fetch(broken.metricsUrl)).text()).match(/^classifier_shadow_skipped_total.*"failed"\} (\d+)/m)?.[1];
  await vi.waitFor(async () => expect(await skipped()).toBe('20'), 10_000);
  await broken.stop();
  expect(broken.lines.filter(({ msg }) => msg === 'shadow failed')).toHaveLength(1);
});

test('kill -9 loses no feedback, and each feedback counts one pair', { timeout: 60_000 }, async () => {
  const MODELS_DIR = await smallModels('1', '2');
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-killed-'));
  const killed = await startWithShadow({ MODELS_DIR, DATA_DIR });
  const predictions = await predictBatch(killed, 300);
  await waitForComparison(killed, { predictions: 300 });
  const acknowledged = new Set<string>();
  const send = async (url: string, ids: string[], stopAt: number) => {
    for (const id of ids) {
      const answer = await post(`${url}/feedback`, { id, label: 'ham' }).catch(() => undefined);
      if (!answer?.ok) return;
      acknowledged.add(id);
      if (acknowledged.size === stopAt) killed.kill();
    }
  };
  const ids = predictions.map(({ id }) => id);
  await Promise.all([0, 1, 2].map((part) => send(killed.url, ids.slice(part * 100, (part + 1) * 100), 150)));
  await killed.exited;
  expect(acknowledged.size).toBeGreaterThanOrEqual(150);

  const counts = () => {
    const database = openFeedbackDatabase(DATA_DIR);
    const sum = (rows: { count: number }[]) => rows.reduce((total, { count }) => total + count, 0);
    const result = { feedback: sum(database.totals()), pairs: sum(database.experiments.totals()) };
    database.close();
    return result;
  };
  const before = counts();
  expect(before.feedback).toBeGreaterThanOrEqual(acknowledged.size);
  expect(before.pairs).toBe(before.feedback);

  const restarted = await startProcess({ MODELS_DIR, DATA_DIR });
  await send(restarted.url, ids, Number.POSITIVE_INFINITY);
  await restarted.stop();
  expect(acknowledged.size).toBe(300);
  expect(counts()).toEqual({ feedback: 300, pairs: 300 });
});
