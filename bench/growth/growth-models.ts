import { join } from 'node:path';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { packLinear } from '../../src/artefacts/pack.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { createTrainer } from '../../src/classifier/learning/trainer.ts';
import { summariseEvaluation } from '../../src/training/predict-examples.ts';

const WORDS = 2_000;
const WORDS_PER_TEXT = 40;
/** The words that a label prefers. A text has a quarter of its words from them. */
const OWN_WORDS = 8;
const TEXTS_PER_LABEL = 5;
const SENT_TEXTS = 200;

/**
 * Trains a model with a number of labels and writes it as `labels`. All such models know the same words, so that only the
 * number of labels differs.
 *
 * @returns texts to send, evenly spread over the labels
 */
export async function writeLabelledModel(models: string, labels: number): Promise<string[]> {
  const random = createRandom(labels);
  const trainer = createTrainer({
    algorithm: 'complement-naive-bayes',
    tokenizer: 'unicode',
    seed: 1,
    testShare: 0,
  });
  // Few labels get more texts each, so that every model has seen all words.
  const perLabel = Math.max(TEXTS_PER_LABEL, Math.ceil(1_000 / labels));
  for (let label = 0; label < labels; label += 1) {
    for (let text = 0; text < perLabel; text += 1) trainer.add(drawText(random, label), `label ${label}`);
  }
  const { model, documents, documentsByLabel, candidates, evaluation, evaluationMethod, reference, thresholds } =
    trainer.finish();
  const { manifest, bytes } = packLinear(model, {
    name: 'labels',
    version: '1',
    training: { sha256: '0'.repeat(64), documents, documentsByLabel, seed: 1, candidates: [...candidates] },
    evaluation: summariseEvaluation(evaluation, evaluationMethod),
    reference,
    thresholds,
  });
  await writeArtefact(join(models, 'labels', '1'), manifest, bytes);
  return Array.from({ length: SENT_TEXTS }, (_, at) => drawText(random, Math.floor((at * labels) / SENT_TEXTS)));
}

function drawText(random: () => number, label: number): string {
  const words = Array.from({ length: WORDS_PER_TEXT }, (_, at) => {
    const own = (label * 37 + Math.floor(random() * OWN_WORDS)) % WORDS;
    return `word${at % 4 === 0 ? own : Math.floor(random() * WORDS)}`;
  });
  return words.join(' ');
}
