import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { createDriftMonitor } from '../../src/drift/drift-monitor.ts';
import type { ExperimentRecorder } from '../../src/predictions/experiment-recorder.ts';
import { createPredictionIds } from '../../src/predictions/prediction-id.ts';
import { createPredictor } from '../../src/predictions/predictor.ts';
import { createShadowQueue } from '../../src/predictions/shadow-queue.ts';
import { createInstruments } from '../../src/telemetry/instruments.ts';
import { smallModels } from '../models/small-models.ts';
import { silentLog } from '../support/silent-log.ts';

const recorder: ExperimentRecorder = {
  recordAnswer: () => undefined,
  recordReview: () => undefined,
  recordFailure: () => undefined,
  recordShadowResult: () => undefined,
};

async function createSmallPredictor() {
  const parts = {
    instruments: createInstruments(),
    log: silentLog,
    driftMonitor: createDriftMonitor(),
    recorder,
  };
  const predictor = createPredictor({
    ...parts,
    ids: createPredictionIds('a key of this test'),
    reviewSampler: { shareOf: () => 0 },
    captureText: false,
    shadowOf: () => undefined,
    shadows: createShadowQueue(parts),
    maxTextCharacters: 1_000,
  });
  const artefact = await readArtefact(join(await smallModels('1'), 'spam/1'));
  return { predictor, model: { name: 'spam', version: '1', ...artefact } };
}

test('of many explanations one runs in each round of the event loop', async () => {
  const { predictor, model } = await createSmallPredictor();
  let round = 0;
  let isDone = false;
  const count = () => {
    round += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const { signal } = new AbortController();
  const rounds = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const { explanation } = await predictor.explain(model, 'win a prize', { features: 20, signal });
      expect(explanation).not.toHaveLength(0);
      return round;
    }),
  );
  isDone = true;
  expect(new Set(rounds).size).toBe(20);
});

test('an explanation whose client has gone does not run', async () => {
  const { predictor, model } = await createSmallPredictor();
  const controller = new AbortController();
  const explanation = predictor.explain(model, 'win a prize', { features: 20, signal: controller.signal });
  controller.abort(new Error('gone'));
  await expect(explanation).rejects.toThrow('gone');
});
