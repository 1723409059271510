import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { listVersions } from '../../src/artefacts/versions.ts';
import { mailToText } from '../../src/mail/mail-text.ts';
import { predictFile } from '../../src/training/predict-examples.ts';
import { CORPUS_TEXTS_FOLDER } from '../../tools/corpus/download.ts';

const models = fileURLToPath(new URL('../../models', import.meta.url));
const mails = fileURLToPath(new URL('../fixtures/mail', import.meta.url));
const version = (await listVersions(models, 'spam')).at(-1)!;
const folder = join(models, 'spam', version);
const { manifest, classifier } = await readArtefact(folder);

test('the bundled model is small, and its manifest reports the required quality', () => {
  expect(manifest.evaluation).toMatchObject({ method: 'held-out' });
  expect(manifest.evaluation.accuracy).toBeGreaterThanOrEqual(0.987);
  expect(manifest.evaluation.expectedCalibrationError).toBeLessThanOrEqual(0.03);
  expect(manifest.weights.bytes).toBeLessThan(3_000_000);
});

const classify = (text: string) => classifier.score(classifier.tokenize(text));

interface Sentence {
  readonly text: string;
  readonly label: string;
}

// The first list helped to choose what the model learns from. The second one was written afterwards: it only helped to
// choose the limit for the confidence of short texts.
test.each([
  ['sentences.jsonl', 0.9],
  ['new-sentences.jsonl', 0.88],
])('the bundled model is right on most of %s, and never sure of a wrong label', (name, minAccuracy) => {
  const sentences = readFileSync(join(import.meta.dirname, '../fixtures/everyday', name), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Sentence);
  expect(sentences.length).toBeGreaterThanOrEqual(60);
  const wrong = sentences.flatMap(({ text, label: actual }) => {
    const { label, confidence } = classify(text);
    return label === actual ? [] : [{ text, label, confidence }];
  });
  expect(1 - wrong.length / sentences.length).toBeGreaterThanOrEqual(minAccuracy);
  expect(wrong.filter(({ confidence }) => confidence > 0.9)).toEqual([]);
});

test('the bundled model is not sure where there is little to see', () => {
  for (const text of ['', 'a', 'x', 'I', '7', 'hello']) expect(classify(text).confidence).toBeLessThan(0.9);
});

test('a text without any known word comes near the prior', () => {
  const { ham, spam } = manifest.training.documentsByLabel;
  const prior = spam! / (ham! + spam!);
  for (const text of ['', 'zzzqqq', 'xqzt wvrk']) {
    // The shortest excerpts of the training data are spam more often than whole documents.
    expect(Math.abs(classify(text).probabilities[1]! - prior)).toBeLessThan(0.25);
  }
});

test('where every word is unknown, their characters count', () => {
  const { label } = classify('fr33 m0n3y cl1ck');
  expect(classifier.tokenize('fr33 m0n3y cl1ck').unknownRatio).toBeGreaterThan(0.6);
  expect(label).toBe('spam');
});

test('invisible characters change no score of the bundled model', () => {
  const scoreOf = (text: string) => classify(text).probabilities;
  const plain = 'Congratulations, you won free money, click here to claim your prize now';
  for (const invisible of ['\u200b', '\ufe0f', '\u3164', '\u00ad', '\u034f', '\u2063', '\u{e0041}']) {
    expect(scoreOf(plain.replace(/\b\w\w(?=\w)/g, `$&${invisible}`))).toEqual(scoreOf(plain));
  }
});

test.each(readdirSync(mails).filter((name) => name.endsWith('.eml')))(
  'the bundled model classifies the sample mail %s correctly',
  async (name) => {
    const text = await mailToText(readFileSync(join(mails, name)));
    const { label } = classify(text);
    expect(label).toBe(name.split('-')[0]);
  },
);

const heldOut = join(CORPUS_TEXTS_FOLDER, 'test.jsonl');

test.skipIf(!existsSync(heldOut))(
  'the bundled model has the quality of its manifest on the held-out mails (needs: npm run corpus)',
  async () => {
    const { evaluation } = await predictFile(classifier, heldOut);
    expect(evaluation.accuracy).toBe(manifest.evaluation.accuracy);
    expect(evaluation.logLoss).toBeCloseTo(manifest.evaluation.logLoss, 12);
  },
);
