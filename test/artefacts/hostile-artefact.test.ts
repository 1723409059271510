import { createHash } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import { describe, expect, test } from 'vitest';
import { readArtefact, writeArtefact } from '../../src/artefacts/artefact.ts';
import type { Manifest } from '../../src/artefacts/manifest.ts';
import { compileNatural } from '../../src/artefacts/natural-file.ts';
import { packNatural } from '../../src/artefacts/pack.ts';
import { smallModels } from '../models/small-models.ts';

type Edit = (manifest: Manifest & Record<string, unknown>, weights: Buffer) => void;

/** Changes a version, with the right digest: an attacker who can write a model can compute it. */
async function changeVersion(folder: string, edit: Edit): Promise<void> {
  const files = { manifest: join(folder, 'manifest.json'), weights: join(folder, 'weights.bin') };
  const manifest = JSON.parse(await readFile(files.manifest, 'utf8')) as Manifest & Record<string, unknown>;
  const weights = await readFile(files.weights);
  edit(manifest, weights);
  if (manifest.weights?.sha256) manifest.weights.sha256 = createHash('sha256').update(weights).digest('hex');
  await writeFile(files.weights, weights);
  await writeFile(files.manifest, JSON.stringify(manifest).replace('"INFINITE"', '1e999'));
}

const writeDouble =
  (section: string, value: number): Edit =>
  ({ weights: { sections } }, bytes) => {
    bytes.writeDoubleLE(value, sections[section]!.offset);
  };

const set =
  (path: string, value: unknown): Edit =>
  (manifest) => {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce(
      (object, key) => object[key] as Record<string, unknown>,
      manifest as Record<string, unknown>,
    );
    parent[last] = value;
  };

const cases: [string, Edit, string | RegExp][] = [
  ['a bias that is NaN', writeDouble('bias', Number.NaN), 'number 0 of its section "bias" is NaN'],
  ['an infinite bias', writeDouble('bias', Number.POSITIVE_INFINITY), 'section "bias" is Infinity'],
  ['a bias near the end of the numbers', writeDouble('bias', -1e308), 'section "bias" is -1e+308'],
  ['a prior that is NaN', writeDouble('prior', Number.NaN), 'section "prior" is NaN'],
  ['a negative prior', writeDouble('prior', -0.5), 'section "prior" is -0.5'],
  ['a prior of zero', writeDouble('prior', 0), 'section "prior" is 0'],
  ['an infinite step', set('weightStep', 'INFINITE'), 'weightStep'],
  ['an absurd step', set('weightStep', 1e300), 'weightStep'],
  ['a label twice', set('labels.1', 'ham'), 'has the same label twice'],
  ['an empty label', set('labels.0', ''), 'labels'],
  ['absurd counts', set('sizes.wordFeatures', 1e15), 'sizes.wordFeatures'],
  ['counts that do not fit', set('sizes.wordFeatures', 2 ** 31), 'section "wordHashes"'],
  ['an absurd size', set('weights.bytes', 2 ** 39), 'more than'],
  ['a section outside the file', set('weights.sections.bias.offset', 2 ** 39), 'lies outside the file'],
  ['an offset that is no whole number', set('weights.sections.bias.offset', 1.5), 'offset'],
  ['n-grams from 5 to 2', set('features.characterNgrams', [5, 2]), 'has a minimum above its maximum'],
  ['an infinite threshold', set('thresholds.maxCharacters', 'INFINITE'), 'thresholds'],
];

describe('a version with hostile content is refused with a clear reason:', () => {
  test.each(cases)('%s', async (_, edit, reason) => {
    const folder = join(await smallModels('1'), 'spam/1');
    await changeVersion(folder, edit);
    await expect(readArtefact(folder)).rejects.toThrow(reason);
  });

  test('a manifest that is too deep', async () => {
    const folder = join(await smallModels('1'), 'spam/1');
    const text = await readFile(join(folder, 'manifest.json'), 'utf8');
    await writeFile(
      join(folder, 'manifest.json'),
      text
        .replace('{', `{"labels":${'['.repeat(100_000)}${']'.repeat(100_000)},"x":1,`)
        .replace(/"labels": \[[^\]]*\],/, ''),
    );
    await expect(readArtefact(folder)).rejects.toThrow('manifest.json is damaged');
  });

  test('a manifest that is too large', async () => {
    const folder = join(await smallModels('1'), 'spam/1');
    await writeFile(join(folder, 'manifest.json'), ' '.repeat(9 * 1024 * 1024));
    await expect(readArtefact(folder)).rejects.toThrow('cannot be read: it has');
  });

  test.each([
    ['weights', 'section "weights" is NaN'],
    ['prior', 'section "prior" is NaN'],
  ])('%s of an imported model that are NaN', async (section, reason) => {
    const classifier = new BayesClassifier();
    classifier.addDocument('free money', 'spam');
    classifier.addDocument('hello friend', 'ham');
    classifier.train();
    const { model } = compileNatural(JSON.parse(JSON.stringify(classifier)));
    const small = JSON.parse(await readFile(join(await smallModels('1'), 'spam/1/manifest.json'), 'utf8')) as Manifest;
    const folder = join(await mkdtemp(join(tmpdir(), 'waymark-natural-')), 'spam/1');
    const { manifest, bytes } = packNatural(model, { ...small, name: 'spam', version: '1' });
    await writeArtefact(folder, manifest, bytes);
    await expect(readArtefact(folder)).resolves.toBeDefined();
    await changeVersion(folder, writeDouble(section, Number.NaN));
    await expect(readArtefact(folder)).rejects.toThrow(reason);
  });
});
