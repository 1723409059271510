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
  expect(manifest.evaluation.accuracy).toBeGreaterThanOrEqual(0.98);
  expect(manifest.evaluation.expectedCalibrationError).toBeLessThanOrEqual(0.03);
  expect(manifest.weights.bytes).toBeLessThan(3_000_000);
});

test.each(readdirSync(mails).filter((name) => name.endsWith('.eml')))(
  'the bundled model classifies the sample mail %s correctly',
  async (name) => {
    const text = await mailToText(readFileSync(join(mails, name)));
    const { label } = classifier.score(classifier.tokenize(text));
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
