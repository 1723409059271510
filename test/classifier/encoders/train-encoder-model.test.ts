import { describe, expect, test } from 'vitest';
import { combineAll, fitCombination } from '../../../src/classifier/encoders/fit-combination.ts';
import { trainEncoderModel } from '../../../src/classifier/encoders/train-encoder-model.ts';
import { toProbabilities, trainHead } from '../../../src/classifier/encoders/train-head.ts';
import { assignFolds } from '../../../src/classifier/learning/cross-validation.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { encoderProbabilities } from '../../../src/classifier/scoring/encoder-model.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

const DIMENSIONS = 6;

/** Makes embeddings of length 1, near a corner for each label. */
function embed(targets: Uint32Array, noise: number, seed = 1): Float32Array {
  const random = createRandom(seed);
  const embeddings = new Float32Array(targets.length * DIMENSIONS);
  for (const [row, target] of targets.entries()) {
    const own = embeddings.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    for (let at = 0; at < DIMENSIONS; at += 1) own[at] = noise * (random() - 0.5) + (at === target ? 1 : 0);
    const length = Math.hypot(...own);
    for (let at = 0; at < DIMENSIONS; at += 1) own[at]! /= length;
  }
  return embeddings;
}

const accuracyOf = (probabilities: Float64Array, targets: Uint32Array, labels: number) => {
  let correct = 0;
  for (const [row, target] of targets.entries()) {
    const own = probabilities.subarray(row * labels, (row + 1) * labels);
    if (own.indexOf(Math.max(...own)) === target) correct += 1;
  }
  return correct / targets.length;
};

describe.each([2, 3])('a head for %d labels', (labels) => {
  const targets = Uint32Array.from({ length: 120 }, (_, row) => row % labels);
  const embeddings = embed(targets, 3);
  const folds = assignFolds(targets, Int32Array.from(targets.keys()), 5, 1);
  const trained = trainHead({ embeddings, dimensions: DIMENSIONS, targets, labels }, folds, 5, 1, () => {});

  test('learns, and predicts documents that it did not see', () => {
    expect(accuracyOf(trained.outOfFold, targets, labels)).toBeGreaterThan(1 / labels + 0.2);
  });

  test('gives the probabilities of its scores', () => {
    const names = Array.from({ length: labels }, (_, label) => `label ${label}`);
    const own = encoderProbabilities({ labels: names, head: trained.head }, embeddings.subarray(0, DIMENSIONS));
    expect(own.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    expect(own[0]).toBeGreaterThan(1 / labels);
  });

  test('is the same for the same seed', () => {
    const again = trainHead({ embeddings, dimensions: DIMENSIONS, targets, labels }, folds, 5, 1, () => {});
    expect(again).toEqual(trained);
  });
});

describe('a combination', () => {
  const targets = Uint32Array.from({ length: 300 }, (_, row) => row % 3);
  const random = createRandom(2);
  /** Makes probabilities that favour the true label with a certain strength. */
  const guess = (strength: number) =>
    toProbabilities(
      Float64Array.from(
        { length: 900 },
        (_, at) => 2 * random() + (at % 3 === targets[Math.floor(at / 3)] ? strength : 0),
      ),
      3,
      3,
    );

  test('of two weak classifiers is better than each', () => {
    const [first, second] = [guess(0.8), guess(0.8)];
    const combined = combineAll(first, second, 3, fitCombination(first, second, targets, 3));
    const best = Math.max(accuracyOf(first, targets, 3), accuracyOf(second, targets, 3));
    expect(accuracyOf(combined, targets, 3)).toBeGreaterThan(best);
  });

  test('trusts the better classifier more', () => {
    const { linear, encoder } = fitCombination(guess(0.2), guess(3), targets, 3);
    expect(encoder).toBeGreaterThan(linear);
  });
});

describe('a model with an encoder', () => {
  const examples = smallMails(30, ['ham', 'news', 'spam']);
  const linear = trainSmall({ keepsProbabilities: true, testShare: 0 }, examples);
  const targets = Uint32Array.from(examples, ({ label }) => linear.model.labels.indexOf(label));
  const trained = trainEncoderModel({
    share: 0.3,
    linear,
    texts: examples.map(({ text }) => text),
    targets,
    embeddings: embed(targets, 2),
    dimensions: DIMENSIONS,
    seed: 1,
    onProgress: () => {},
  });

  test('has a prediction of each use for every document', () => {
    for (const use of Object.values(trained.uses)) expect(use.predictions).toHaveLength(examples.length);
  });

  test('compares its uses with the linear algorithms, best first', () => {
    const algorithms = trained.candidates.map(({ algorithm }) => algorithm);
    expect(algorithms).toEqual(expect.arrayContaining(['encoder', 'linear+encoder', 'cascade', 'logistic-regression']));
    const accuracies = trained.candidates.map(({ accuracy }) => accuracy);
    expect(accuracies).toEqual(accuracies.toSorted().reverse());
  });

  test('sends about the wanted share of the documents on', () => {
    const { escalateBelow } = trained.uses.cascade;
    const labels = linear.model.labels.length;
    const below = [...targets.keys()].filter(
      (row) => Math.max(...linear.outOfFold!.subarray(row * labels, (row + 1) * labels)) < escalateBelow!,
    );
    expect(below.length / targets.length).toBeCloseTo(0.3, 1);
  });
});
