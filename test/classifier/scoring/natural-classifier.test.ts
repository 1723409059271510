import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import LogisticRegressionClassifier from 'natural/lib/natural/classifiers/logistic_regression_classifier.js';
import { expect, test } from 'vitest';
import { compileNatural, NaturalFileError } from '../../../src/artefacts/natural-file.ts';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { createNaturalClassifier } from '../../../src/classifier/scoring/natural-classifier.ts';

const VOCABULARY =
  "money free running run hello the and cat cats don't 42 7 constructor buy win a/b x-y relational über toString".split(
    ' ',
  );
const LABELS = ['x', '3', 'y', '1'];

/** Yields random small corpora with inflected words, stop words, numbers, and labels that JavaScript objects reorder. */
function* corpora(Natural: typeof BayesClassifier, count: number) {
  const random = createRandom(21);
  const below = (limit: number) => Math.floor(random() * limit);
  const makeText = () => Array.from({ length: 1 + below(8) }, () => VOCABULARY[below(VOCABULARY.length)]).join(' ');
  for (let round = 0; round < count; round += 1) {
    const classifier = new Natural();
    classifier.setOptions({ keepStops: below(2) === 1 });
    const labels = 2 + below(3);
    for (let at = 0; at < 6 + below(8); at += 1) classifier.addDocument(makeText(), LABELS[at % labels]!);
    // natural's gradient descent throws a string if it finds no minimum.
    try {
      classifier.train();
    } catch {
      continue;
    }
    const texts = [...Array.from({ length: 30 }, makeText), 'nothing known', ''];
    yield { classifier, texts, compiled: createNaturalClassifier(compileNatural(saved(classifier)).model) };
  }
}

const saved = (classifier: object): unknown => JSON.parse(JSON.stringify(classifier));

test.each([
  ['BayesClassifier', BayesClassifier],
  ['LogisticRegressionClassifier', LogisticRegressionClassifier],
])("gives the results of natural's %s, within 1e-9 in log-probability", (_, Natural) => {
  let compared = 0;
  for (const { classifier, texts, compiled } of corpora(Natural, 25)) {
    for (const text of texts) {
      const natural = classifier.getClassifications(text);
      const { label, probabilities } = compiled.score(compiled.tokenize(text));
      expect(label).toBe(natural[0]!.label);
      const sum = natural.reduce((total, { value }) => total + value, 0);
      for (const { label: name, value } of natural) {
        const ours = Math.log(probabilities[compiled.labels.indexOf(name)]!);
        expect(Math.abs(ours - Math.log(value / sum))).toBeLessThan(1e-9);
      }
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(500);
});

test('the more likely label is still found if natural underflows to zeros', () => {
  const classifier = new BayesClassifier();
  const words = Array.from({ length: 600 }, (_, at) => `word${at.toString(36)}x`);
  for (let at = 0; at < 40; at += 1) classifier.addDocument(words.slice(0, 300).join(' '), 'first');
  for (let at = 0; at < 40; at += 1) classifier.addDocument(words.slice(300).join(' '), 'second');
  classifier.train();
  const text = words.slice(50).join(' ');
  expect(classifier.getClassifications(text).map(({ value }) => value)).toEqual([0, 0]);
  expect(classifier.classify(text)).toBe('first');
  const compiled = createNaturalClassifier(compileNatural(saved(classifier)).model);
  const { label, probabilities } = compiled.score(compiled.tokenize(text));
  expect(label).toBe('second');
  expect(probabilities.every(Number.isFinite)).toBe(true);
});

test('contributions add up to the log-odds', () => {
  for (const Natural of [BayesClassifier, LogisticRegressionClassifier]) {
    for (const { texts, compiled } of corpora(Natural, 5)) {
      for (const text of texts) {
        const tokens = compiled.tokenize(text);
        const scores = compiled.score(tokens);
        const [best, second] = [...scores.probabilities].sort((a, b) => b - a);
        const sum = compiled.explain(tokens, scores).reduce((total, { weight }) => total + weight, 0);
        expect(sum).toBeCloseTo(Math.log(best! / second!), 9);
      }
    }
  }
});

test.each([
  ['a', 'one letter'],
  ['aeioubcd', 'syllables'],
  ["y'a-/", 'the other characters of words'],
])('a word of 100,000 characters takes no quadratic time: %s', (unit) => {
  const classifier = new BayesClassifier();
  classifier.addDocument('free money', 'spam');
  classifier.addDocument('hello', 'ham');
  classifier.train();
  const compiled = createNaturalClassifier(compileNatural(saved(classifier)).model);
  // Without a cap this takes half a minute and exceeds the time limit of the test.
  const { label } = compiled.score(compiled.tokenize(`free money ${unit.repeat(100_000 / unit.length)}ing`));
  expect(label).toBe('spam');
});

test.each([
  ['another file', { labels: ['a'] }],
  ['null', null],
  ['an untrained classifier', saved(new LogisticRegressionClassifier())],
])('%s is rejected', (_, json) => {
  expect(() => compileNatural(json)).toThrow(NaturalFileError);
});
