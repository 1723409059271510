import { metrics } from '@opentelemetry/api';
import { beforeEach, describe, expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { createDriftMonitor } from '../../src/drift/drift-monitor.ts';
import type { Model } from '../../src/models/store.ts';
import { Problem } from '../../src/platform/problems.ts';
import { createPredictionIds } from '../../src/predictions/prediction-id.ts';
import { createPredictor } from '../../src/predictions/predictor.ts';
import { createShadowQueue } from '../../src/predictions/shadow-queue.ts';
import { classifyNow } from '../../src/runtimes/linear.ts';
import type { DeferredClassifier } from '../../src/runtimes/runtime.ts';
import { createInstruments } from '../../src/telemetry/instruments.ts';
import { silentLog } from '../support/silent-log.ts';

const artefact = await readArtefact('models/spam/1');
const linear: Model = { name: 'spam', version: '1', ...artefact };

/** A classifier that answers when the test says so, with the answer of the linear model. */
function createDeferred() {
  const waiting: (() => void)[] = [];
  const classifier: DeferredClassifier = {
    labels: artefact.classifier.labels,
    classify: (text, { signal } = {}) =>
      new Promise((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        waiting.push(() => resolve(classifyNow(artefact.classifier, text)));
      }),
    explain: () => [{ feature: '(encoder)', weight: 1 }],
    close: () => {},
  };
  return { waiting, model: { ...linear, version: '2', classifier } };
}

let failures: string[];
let answers: string[];

beforeEach(() => {
  metrics.disable();
  [failures, answers] = [[], []];
});

function createSmallPredictor(maxDeferred?: number) {
  const parts = {
    instruments: createInstruments(),
    log: silentLog,
    driftMonitor: createDriftMonitor(),
    recorder: {
      recordAnswer: ({ version }: Model) => void answers.push(version),
      recordReview: () => {},
      recordFailure: ({ version }: Model) => void failures.push(version),
      recordShadowResult: () => {},
    },
  };
  return createPredictor({
    ...parts,
    ids: createPredictionIds('a key of this test'),
    reviewSampler: { shareOf: () => 0 },
    captureText: false,
    shadowOf: () => undefined,
    shadows: createShadowQueue(parts),
    maxTextCharacters: 1_000,
    ...(maxDeferred !== undefined && { maxDeferred }),
  });
}

test('a model on this thread is answered without a promise', () => {
  expect(createSmallPredictor().predict(linear, 'win a prize')).not.toBeInstanceOf(Promise);
});

describe('a model on another thread', () => {
  test('is answered with a promise, and recorded like any other', async () => {
    const { model, waiting } = createDeferred();
    const answer = createSmallPredictor().predict(model, 'win a prize');
    expect(answers).toEqual([]);
    waiting[0]!();
    const { id, scores } = await answer;
    expect(scores).toEqual(classifyNow(artefact.classifier, 'win a prize').scores);
    expect(id).toMatch(/^[\w-]+$/);
    expect([answers, failures]).toEqual([['2'], []]);
  });

  test('explains with its own explanation', async () => {
    const { model, waiting } = createDeferred();
    const { signal } = new AbortController();
    const answer = createSmallPredictor().explain(model, 'win a prize', { features: 5, signal });
    while (waiting.length === 0) await new Promise(setImmediate);
    waiting[0]!();
    expect((await answer).explanation).toEqual([{ feature: '(encoder)', weight: 1 }]);
  });

  test('answers a batch in its order, however the answers arrive', async () => {
    const { model, waiting } = createDeferred();
    const texts = ['win a prize', 'a meeting', 'free money'];
    const { signal } = new AbortController();
    const batch = createSmallPredictor().predictBatch(model, texts, { signal });
    for (const finish of waiting.toReversed()) finish();
    expect((await batch).map(({ scores }) => scores)).toEqual(
      texts.map((text) => classifyNow(artefact.classifier, text).scores),
    );
  });

  test('has a failure if it refuses a text', async () => {
    const { model } = createDeferred();
    const refusal = new Problem('overloaded', 'Too many texts wait.');
    const refusing = { ...model, classifier: { ...model.classifier, classify: () => Promise.reject(refusal) } };
    await expect(createSmallPredictor().predict(refusing, 'a text')).rejects.toBe(refusal);
    expect(failures).toEqual(['2']);
  });

  test('has no failure if the client leaves', async () => {
    const { model } = createDeferred();
    const controller = new AbortController();
    const answer = createSmallPredictor().predict(model, 'a text', { signal: controller.signal });
    const gone = new Error('gone');
    controller.abort(gone);
    await expect(answer).rejects.toBe(gone);
    expect([answers, failures]).toEqual([[], []]);
  });

  test('leaves room for other models: above a limit it is refused, and they are answered', async () => {
    const { model, waiting } = createDeferred();
    const predictor = createSmallPredictor(2);
    const { signal } = new AbortController();
    const first = [predictor.predict(model, 'one'), predictor.predictBatch(model, ['two', 'three'], { signal })];
    await expect(predictor.predict(model, 'four')).rejects.toMatchObject({ type: 'overloaded', status: 503 });
    await expect(predictor.predictBatch(model, ['five'], { signal })).rejects.toMatchObject({ type: 'overloaded' });
    expect(predictor.predict(linear, 'win a prize')).not.toBeInstanceOf(Promise);
    for (const finish of waiting) finish();
    await Promise.all(first);
    const next = predictor.predict(model, 'six');
    waiting.at(-1)!();
    await next;
  });
});
