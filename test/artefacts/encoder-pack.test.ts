import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readArtefact, readContent, writeArtefact } from '../../src/artefacts/artefact.ts';
import type { EncoderDescription } from '../../src/artefacts/encoder-manifest.ts';
import { packEncoder, type TrainedEncoderModel } from '../../src/artefacts/encoder-pack.ts';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { summariseEvaluation } from '../../src/training/predict-examples.ts';
import { trainSmall } from '../classifier/small-mails.ts';
import { SPAM_TEXT } from '../models/small-models.ts';

const trained = trainSmall();
const digest = 'a'.repeat(64);
const encoder: EncoderDescription = {
  sha256: digest,
  files: [{ name: 'model.onnx', bytes: 1, sha256: digest }],
  dimensions: 2,
  maxTokens: 32,
  pooling: 'mean',
};
const head = { columns: 1, weights: Float32Array.of(1.5, -2), bias: Float64Array.of(0.25) };
const cascade: TrainedEncoderModel = {
  algorithm: 'cascade',
  labels: trained.model.labels,
  head,
  linear: trained.model,
  combination: { linear: 0.5, encoder: 1, shift: 0.1 },
  escalateBelow: 0.75,
  share: 0.3,
};

function pack(model: TrainedEncoderModel) {
  return packEncoder(model, encoder, {
    name: 'mail',
    version: '1',
    training: {
      sha256: digest,
      documents: trained.documents,
      documentsByLabel: trained.documentsByLabel,
      seed: 1,
      candidates: [{ algorithm: 'linear+encoder', accuracy: 1, logLoss: 0 }],
    },
    evaluation: summariseEvaluation(trained.evaluation, 'cross-validation'),
    reference: trained.reference,
    thresholds: trained.thresholds,
  });
}

async function write(model: TrainedEncoderModel, change: (manifest: Record<string, unknown>) => void = () => {}) {
  const folder = join(await mkdtemp(join(tmpdir(), 'waymark-encoder-')), 'mail/1');
  const { manifest, bytes } = pack(model);
  const changed = structuredClone(manifest);
  change(changed as unknown as Record<string, unknown>);
  await writeArtefact(folder, changed, bytes);
  return folder;
}

describe('a version with an encoder', () => {
  test('is read as it was written', async () => {
    const { manifest, content } = await readContent(await write(cascade));
    expect(manifest).toMatchObject({
      format: 3,
      algorithm: 'cascade',
      encoder,
      cascade: { share: 0.3, escalateBelow: 0.75 },
    });
    expect(content).toMatchObject({
      algorithm: 'cascade',
      head,
      combination: cascade.combination,
      escalateBelow: 0.75,
    });
    if ('tokenize' in content || 'remote' in content) throw new Error('it is no model with an encoder');
    const own = createLinearClassifier(trained.model);
    expect(content.linear!.score(content.linear!.tokenize(SPAM_TEXT))).toEqual(own.score(own.tokenize(SPAM_TEXT)));
  });

  test('needs no linear model, and no head if it was imported', async () => {
    const alone = await readContent(await write({ algorithm: 'encoder', labels: ['ham', 'spam'], head }));
    expect(alone.content).toMatchObject({ head, linear: undefined });
    const imported = await readContent(await write({ algorithm: 'onnx', labels: ['ham', 'spam'], scale: 0.5 }));
    expect(imported.content).toMatchObject({ scale: 0.5 });
  });

  test('cannot be read as one without', async () => {
    await expect(readArtefact(await write(cascade))).rejects.toThrow('it needs an encoder');
  });

  test.each([
    [
      'without its linear model',
      (manifest: Record<string, unknown>) => delete manifest['linear'],
      'linear model is missing',
    ],
    [
      'without its combination',
      (manifest: Record<string, unknown>) => delete manifest['combination'],
      'combination is missing',
    ],
    ['without its threshold', (manifest: Record<string, unknown>) => delete manifest['cascade'], 'cascade is missing'],
    [
      'with another size of embeddings',
      (manifest: Record<string, unknown>) => {
        manifest['encoder'] = { ...encoder, dimensions: 3 };
      },
      'headWeights',
    ],
  ])('is damaged %s', async (_, change, reason) => {
    await expect(readContent(await write(cascade, change))).rejects.toThrow(reason);
  });
});
