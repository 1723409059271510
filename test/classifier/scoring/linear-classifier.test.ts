import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { ALGORITHM_NAMES } from '../../../src/classifier/scoring/algorithm-names.ts';
import { createLinearClassifier, PRIOR_CONTRIBUTION } from '../../../src/classifier/scoring/linear-classifier.ts';
import { TOKENIZER_NAMES } from '../../../src/classifier/text/text-options.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

const twoLabels = createLinearClassifier(trainSmall().model);
const threeLabels = createLinearClassifier(trainSmall({}, smallMails(30, ['ham', 'spam', 'news'])).model);
const unevenLabels = createLinearClassifier(
  trainSmall({}, [...smallMails(30, ['ham']), ...smallMails(10, ['spam'])]).model,
);

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

function classify(classifier: typeof twoLabels, text: string) {
  const tokens = classifier.tokenize(text);
  return { tokens, scores: classifier.score(tokens) };
}

describe('any string is a valid text', () => {
  const random = createRandom(11);
  const randomUnits = (length: number) => String.fromCharCode(...Array.from({ length }, () => random() * 65_536));
  const texts = {
    nothing: '',
    blanks: ' \n\t ',
    'lone surrogates': '\ud800 \udc00\ud800',
    NULs: '\u0000free\u0000money\u0000',
    'emoji with joiners': '👩‍👩‍👧‍👦🏳️‍🌈',
    'right to left': '\u202eمرحبا free שלום',
    'combining marks': `e${'\u0301'.repeat(5_000)}`,
    'one letter 100,000 times': 'a'.repeat(100_000),
    'one sign 100,000 times': '!'.repeat(100_000),
    'one ideograph 100,000 times': '体'.repeat(100_000),
    'a known word 20,000 times': 'free '.repeat(20_000),
    ...Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`random units ${at}`, randomUnits(at * 20)])),
  };

  test.each(Object.entries(texts))('%s', (_, text) => {
    for (const classifier of [twoLabels, threeLabels]) {
      const { tokens, scores } = classify(classifier, text);
      expect(tokens.unknownRatio).toBeGreaterThanOrEqual(0);
      expect(tokens.unknownRatio).toBeLessThanOrEqual(1);
      expect(scores.probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
      expect(sum(scores.probabilities)).toBeCloseTo(1, 12);
      expect(classifier.labels).toContain(scores.label);
      expect(scores.confidence).toBe(Math.max(...scores.probabilities));
    }
  });
});

test('a text without known words has the unknown ratio 1 and gets about the prior', () => {
  const { tokens, scores } = classify(unevenLabels, 'qwertz zuiopü');
  expect(tokens).toEqual({ count: 2, unknownRatio: 1, isObfuscated: false });
  expect(Math.abs(scores.probabilities[0]! - 0.75)).toBeLessThan(0.1);
  expect(scores.label).toBe('ham');
});

test('the unknown ratio is the share of words that the training data do not have', () => {
  expect(classify(twoLabels, 'free qwertz money !!!').tokens).toMatchObject({ count: 3, unknownRatio: 1 / 3 });
});

test('scores do not depend on earlier texts', () => {
  const fresh = classify(createLinearClassifier(trainSmall().model), 'free money offer').scores;
  classify(twoLabels, 'meeting agenda patch');
  expect(classify(twoLabels, 'free money offer').scores).toEqual(fresh);
});

describe('explain', () => {
  test.each([
    ['two labels', twoLabels],
    ['three labels', threeLabels],
    ['the less likely of two labels', unevenLabels],
  ])('contributions add up to the log-odds against the second most probable label: %s', (_, classifier) => {
    for (const text of ['free money', 'the meeting about free lunch, a prize!', 'minister', 'qwertz', '']) {
      const { tokens, scores } = classify(classifier, text);
      const [best, second] = [...scores.probabilities].sort((a, b) => b - a);
      const contributions = classifier.explain(tokens, scores);
      expect(sum(contributions.map(({ weight }) => weight))).toBeCloseTo(Math.log(best! / second!), 9);
    }
  });

  test('the strongest contribution comes first, and each feature has its name', () => {
    const { tokens, scores } = classify(twoLabels, 'free money');
    const contributions = twoLabels.explain(tokens, scores);
    const strengths = contributions.map(({ weight }) => Math.abs(weight));
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
    const names = contributions.map(({ feature }) => feature);
    expect(names).toEqual(expect.arrayContaining([PRIOR_CONTRIBUTION, 'free', 'monei', '[ fre]', '[ey ]']));
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each(ALGORITHM_NAMES)('%s learns simple texts', (algorithm) => {
  const classifier = createLinearClassifier(trainSmall({ algorithm }, smallMails(30, ['ham', 'spam', 'news'])).model);
  expect(classify(classifier, 'a free prize offer').scores.label).toBe('spam');
  expect(classify(classifier, 'patch the kernel').scores.label).toBe('ham');
  expect(classify(classifier, 'the court and the minister').scores.label).toBe('news');
});

test.each(TOKENIZER_NAMES)('any string gets probabilities with the tokeniser %s', (tokenizer) => {
  const classifier = createLinearClassifier(trainSmall({ tokenizer }).model);
  const texts = [
    '',
    '\ud800\udc00\ud800',
    '\u0000a',
    '"a\' \'b" (c)',
    'ภาษาไทย',
    '体',
    '👩‍👩‍👧‍👦',
    'free money',
    '!'.repeat(20_000),
  ];
  for (const text of [...texts, 'free '.repeat(20_000), 'a'.repeat(20_000)]) {
    const { scores } = classify(classifier, text);
    expect(sum(scores.probabilities)).toBeCloseTo(1, 12);
  }
});
