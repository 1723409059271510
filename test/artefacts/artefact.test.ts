import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readArtefact, writeArtefact } from '../../src/artefacts/artefact.ts';
import { ArtefactError } from '../../src/artefacts/artefact-error.ts';
import { packLinear } from '../../src/artefacts/pack.ts';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { summariseEvaluation } from '../../src/training/predict-examples.ts';
import { trainSmall } from '../classifier/small-mails.ts';

const trained = trainSmall();
const packed = () =>
  packLinear(trained.model, {
    name: 'mail',
    version: '7',
    training: {
      sha256: '0'.repeat(64),
      documents: trained.documents,
      documentsByLabel: trained.documentsByLabel,
      seed: 1,
      candidates: [...trained.candidates],
    },
    evaluation: summariseEvaluation(trained.evaluation, 'cross-validation'),
    reference: trained.reference,
    thresholds: trained.thresholds,
  });

let root: string;
let folder: string;
let intact: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'waymark-artefact-'));
  intact = join(root, 'intact', '7');
  const { manifest, bytes } = packed();
  await writeArtefact(intact, manifest, bytes);
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(async () => {
  folder = join(root, crypto.randomUUID(), '7');
  await cp(intact, folder, { recursive: true });
});

async function editManifest(edit: (manifest: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, 'manifest.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  edit(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

async function reasonOf(reading: Promise<unknown>): Promise<string> {
  const error = await reading.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ArtefactError);
  return (error as ArtefactError).reason;
}

test('a version that was written is read, and scores the same to the last bit', async () => {
  const { manifest, classifier } = await readArtefact(folder);
  expect(manifest).toEqual(packed().manifest);
  const direct = createLinearClassifier(trained.model);
  for (const text of ['free money', 'the meeting', 'qwertz', '']) {
    expect(classifier.score(classifier.tokenize(text))).toEqual(direct.score(direct.tokenize(text)));
  }
});

test('the same model makes the same bytes', () => {
  const [first, second] = [packed(), packed()];
  expect(second.bytes).toEqual(first.bytes);
  expect(JSON.stringify(second.manifest)).toBe(JSON.stringify(first.manifest));
});

describe('readArtefact rejects', () => {
  test('a missing folder', async () => {
    expect(await reasonOf(readArtefact(join(root, 'nowhere')))).toMatch(/manifest.json is missing/);
  });

  test('missing weights', async () => {
    await rm(join(folder, 'weights.bin'));
    expect(await reasonOf(readArtefact(folder))).toMatch(/weights.bin is missing/);
  });

  test('truncated weights', async () => {
    await truncate(join(folder, 'weights.bin'), 1000);
    expect(await reasonOf(readArtefact(folder))).toMatch(/has 1000 bytes, not \d+/);
  });

  test('one flipped bit in the weights', async () => {
    const path = join(folder, 'weights.bin');
    const bytes = await readFile(path);
    bytes[500]! ^= 4;
    await writeFile(path, bytes);
    expect(await reasonOf(readArtefact(folder))).toMatch(/damaged: its sha256/);
  });

  test('a truncated manifest', async () => {
    await truncate(join(folder, 'manifest.json'), 200);
    expect(await reasonOf(readArtefact(folder))).toMatch(/is not valid JSON/);
  });

  test('a newer format, whatever else the manifest contains', async () => {
    await writeFile(join(folder, 'manifest.json'), '{"format": 99, "soul": true}');
    expect(await reasonOf(readArtefact(folder))).toMatch(/format is 99.*a newer Waymark is needed/);
  });

  test.each([
    ['a missing field', (manifest: Record<string, unknown>) => delete manifest['labels'], /labels/],
    ['a version that is a path', (manifest: Record<string, unknown>) => (manifest['version'] = '../x'), /version/],
    [
      'more labels than weights',
      (manifest: Record<string, unknown>) => (manifest['labels'] = ['a', 'b', 'c']),
      /section/,
    ],
    ['another algorithm', (manifest: Record<string, unknown>) => (manifest['algorithm'] = 'oracle'), /algorithm/],
  ])('a manifest with %s', async (_, edit, reason) => {
    await editManifest(edit);
    expect(await reasonOf(readArtefact(folder))).toMatch(reason);
  });

  test('sections that reach beyond the file', async () => {
    await editManifest((manifest) => {
      const { sections } = manifest['weights'] as { sections: Record<string, { offset: number }> };
      sections['bias']!.offset = 1e9;
    });
    expect(await reasonOf(readArtefact(folder))).toMatch(/"bias" lies outside/);
  });
});

describe('writeArtefact', () => {
  test('never overwrites a version', async () => {
    const { manifest, bytes } = packed();
    expect(await reasonOf(writeArtefact(folder, manifest, bytes))).toMatch(/exists already/);
  });

  test('leaves no files when it fails', async () => {
    const { manifest, bytes } = packed();
    const models = join(root, 'full');
    await mkdir(models);
    const impossible = join(models, 'x'.repeat(300));
    expect(await reasonOf(writeArtefact(impossible, manifest, bytes))).toMatch(/could not be written/);
    expect(await readdir(models)).toEqual([]);
  });
});
