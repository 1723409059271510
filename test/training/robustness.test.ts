import { expect, test } from 'vitest';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { PERTURBATIONS } from '../../src/training/robustness.ts';
import { runTraining } from '../../src/training/run-training.ts';

const TEXT = 'Hello, this is an ordinary message; it says "nothing" - or does it? See you at the station tomorrow!';

test('there are ten perturbations, each changes the text, and the same seed gives the same changes', () => {
  expect(Object.keys(PERTURBATIONS)).toHaveLength(10);
  for (const perturb of Object.values(PERTURBATIONS)) {
    const changed = perturb(TEXT, createRandom(1), ['other', 'words']);
    expect(changed).not.toBe(TEXT);
    expect(perturb(TEXT, createRandom(1), ['other', 'words'])).toBe(changed);
    expect(() => perturb('', createRandom(1), [])).not.toThrow();
  }
});

test('training with robust measures each perturbation on the held-out texts', async () => {
  const examples = `${import.meta.dirname}/../fixtures/everyday/sentences.jsonl`;
  const job = { source: { examples }, test: examples, robust: true, name: 'x', version: '1', seed: 1 } as const;
  const { manifest } = await runTraining({ ...job, algorithm: 'logistic-regression', tokenizer: 'auto' }, () => {});
  expect(manifest.robustness?.count).toBe(72);
  const figures = new Map(manifest.robustness!.perturbations.map((row) => [row.name, row]));
  expect([...figures.keys()]).toEqual(Object.keys(PERTURBATIONS));
  // Normalisation undoes these changes.
  for (const name of ['case', 'zero width', 'confusables', 'punctuation', 'spacing']) {
    expect(figures.get(name)).toMatchObject({ flipRate: 0, accuracy: manifest.evaluation.accuracy });
  }
  expect([...figures.values()].some(({ flipRate }) => flipRate > 0)).toBe(true);
});
