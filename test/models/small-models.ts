import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { packLinear } from '../../src/artefacts/pack.ts';
import type { Model } from '../../src/models/store.ts';
import { isDeferred } from '../../src/runtimes/runtime.ts';
import { summariseEvaluation } from '../../src/training/predict-examples.ts';
import { smallMails, trainSmall } from '../classifier/small-mails.ts';

const swappedLabels = { ham: 'spam', spam: 'ham', news: 'news' } as const;
const LABELS = ['ham', 'spam', 'news'];
const trained = {
  right: trainSmall(),
  swapped: trainSmall(
    {},
    smallMails(30).map(({ text, label }) => ({ text, label: swappedLabels[label] })),
  ),
  byChance: trainSmall(
    {},
    smallMails(60).map(({ text }, at) => ({ text, label: LABELS[(at * 7 + Math.floor(at / 3)) % 3]! })),
  ),
};

/** The version whose labels were drawn by chance. */
export const SHADOW_BY_CHANCE = '1000';

function trainedFor(version: string) {
  if (version === SHADOW_BY_CHANCE) return trained.byChance;
  return Number(version) % 2 === 1 ? trained.right : trained.swapped;
}

/** A text that small models label `spam`, and swapped models `ham`. */
export const SPAM_TEXT = 'the free money about winner and prize number 1';

/** Writes a version of a small model, as training does. Odd versions are right, and even ones swap the labels. */
export async function writeSmallVersion(models: string, name: string, version: string): Promise<void> {
  const { model, documents, documentsByLabel, candidates, evaluation, reference, thresholds } = trainedFor(version);
  const { manifest, bytes } = packLinear(model, {
    name,
    version,
    training: { sha256: '0'.repeat(64), documents, documentsByLabel, seed: 1, candidates: [...candidates] },
    evaluation: summariseEvaluation(evaluation, 'cross-validation'),
    reference,
    thresholds,
  });
  await writeArtefact(join(models, name, version), manifest, bytes);
}

/** Creates a models folder with versions of a small model `spam`. */
export async function smallModels(...versions: string[]): Promise<string> {
  const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  for (const version of versions) await writeSmallVersion(models, 'spam', version);
  return models;
}

/** Returns the label that a version predicts for `SPAM_TEXT`. */
export function labelBy(version: string): string {
  return Number(version) % 2 === 1 ? 'spam' : 'ham';
}

/** Returns the label that a small model in memory predicts for `SPAM_TEXT`. */
export function labelOfSpam({ classifier }: Pick<Model, 'classifier'>): string {
  if (isDeferred(classifier)) throw new Error('small models have no encoder');
  return classifier.score(classifier.tokenize(SPAM_TEXT)).label;
}
