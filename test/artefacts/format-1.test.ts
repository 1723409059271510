import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';

const folder = join(import.meta.dirname, '../fixtures/artefact-format-1');

interface Scored {
  readonly text: string;
  readonly unknownRatio: number;
  readonly probabilities: number[];
}

// The fixture was written, and its scores computed, by the last revision that wrote format 1.
test('an artefact of format 1 is read, and scores as it was trained: without normalisation and calibration by evidence', async () => {
  const { manifest, classifier } = await readArtefact(join(folder, '1'));
  expect(manifest.format).toBe(1);
  const expected = JSON.parse(await readFile(join(folder, 'scores.json'), 'utf8')) as Scored[];
  expect(expected.length).toBeGreaterThan(5);
  for (const { text, unknownRatio, probabilities } of expected) {
    const tokens = classifier.tokenize(text);
    expect(tokens).toMatchObject({ unknownRatio, isObfuscated: false });
    expect([...classifier.score(tokens).probabilities]).toEqual(probabilities);
  }
});
