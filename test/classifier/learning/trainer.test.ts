import { expect, test } from 'vitest';
import { TrainingDataError } from '../../../src/classifier/learning/training-options.ts';
import { ALGORITHM_NAMES } from '../../../src/classifier/scoring/algorithm-names.ts';
import { createLinearClassifier } from '../../../src/classifier/scoring/linear-classifier.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

test.each([
  ['no example', [], /no example/],
  ['one label', smallMails(3, ['ham']), /every example has the label "ham"/],
  ['a label with one example', [...smallMails(3, ['ham']), ...smallMails(1, ['spam'])], /one: "spam"/],
])('%s is rejected with the reason', (_, examples, reason) => {
  expect(() => trainSmall({}, examples)).toThrow(TrainingDataError);
  expect(() => trainSmall({}, examples)).toThrow(reason);
});

test('two examples of each label are enough to train and to classify', () => {
  const { model } = trainSmall({ algorithm: 'auto' }, smallMails(2));
  const classifier = createLinearClassifier(model);
  expect(classifier.score(classifier.tokenize('free money')).probabilities.every(Number.isFinite)).toBe(true);
});

test('examples without a single word are used for training', () => {
  const blank = [1, 2, 3, 4, 5].map(() => ({ text: '', label: 'ham' }));
  const { evaluation } = trainSmall({ algorithm: 'auto' }, [...blank, ...smallMails(5, ['spam'])]);
  expect(evaluation.count).toBe(10);
});

test('the same data and seed give the same model, another seed another', () => {
  expect(trainSmall()).toEqual(trainSmall());
  expect(trainSmall({ seed: 2 }).model.weights).not.toEqual(trainSmall().model.weights);
});

test('auto compares all algorithms and chooses the best one, by accuracy and then by log loss', () => {
  const { candidates, model } = trainSmall({ algorithm: 'auto' });
  expect(candidates.map(({ algorithm }) => algorithm).sort()).toEqual([...ALGORITHM_NAMES].sort());
  expect(model.algorithm).toBe(candidates[0]!.algorithm);
  const bestFirst = candidates.toSorted((a, b) => b.accuracy - a.accuracy || a.logLoss - b.logLoss);
  expect(candidates).toEqual(bestFirst);
});

test('progress covers cross-validation and the final fit, and ends at the total', () => {
  const reported: string[] = [];
  trainSmall({ onProgress: ({ phase, done, total }) => reported.push(`${phase} ${done}/${total}`) });
  // Five folds for each of ten parts, and for all texts.
  const steps = Array.from({ length: 55 }, (_, at) => `compare ${at + 1}/55`);
  expect(reported.filter((line) => line.startsWith('compare'))).toEqual(steps);
  expect(reported.at(-1)).toBe('fit 1/1');
});

test('labels named like object properties stay separate labels', () => {
  const examples = smallMails(5).map(({ text, label }) => ({ text, label: label === 'ham' ? '__proto__' : '1' }));
  const { model, documentsByLabel } = trainSmall({}, examples);
  expect(model.labels).toEqual(['1', '__proto__']);
  expect(Object.entries(documentsByLabel)).toEqual([
    ['1', 5],
    ['__proto__', 5],
  ]);
});
