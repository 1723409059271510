import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { ALGORITHM_NAMES } from '../../../src/classifier/scoring/algorithm-names.ts';
import { createLinearClassifier, PRIOR_CONTRIBUTION } from '../../../src/classifier/scoring/linear-classifier.ts';
import { TOKENIZER_NAMES } from '../../../src/classifier/text/text-options.ts';
import { smallMails, trainSmall } from '../small-mails.ts';

const two = createLinearClassifier(trainSmall().model);
const three = createLinearClassifier(trainSmall({}, smallMails(30, ['ham', 'spam', 'news'])).model);
const uneven = createLinearClassifier(trainSmall({}, [...smallMails(30, ['ham']), ...smallMails(10, ['spam'])]).model);

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, number) => total + number, 0);

function answer(classifier: typeof two, text: string) {
  const tokens = classifier.tokenize(text);
  return { tokens, scores: classifier.score(tokens) };
}

describe('any string is a valid text', () => {
  const random = createRandom(11);
  const anyUnits = (length: number) => String.fromCharCode(...Array.from({ length }, () => random() * 65_536));
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
    ...Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`random units ${at}`, anyUnits(at * 20)])),
  };

  test.each(Object.entries(texts))('%s', (_, text) => {
    for (const classifier of [two, three]) {
      const { tokens, scores } = answer(classifier, text);
      expect(tokens.unknownRatio).toBeGreaterThanOrEqual(0);
      expect(tokens.unknownRatio).toBeLessThanOrEqual(1);
      expect(scores.probabilities.every((p) => p >= 0 && p <= 1)).toBe(true);
      expect(sum(scores.probabilities)).toBeCloseTo(1, 12);
      expect(classifier.labels).toContain(scores.label);
      expect(scores.confidence).toBe(Math.max(...scores.probabilities));
    }
  });
});

test('the time grows with the length and no faster', () => {
  const timeOf = (text: string) => {
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      answer(two, text);
      return performance.now() - start;
    });
    return Math.min(...times);
  };
  for (const unit of ['a', 'free money ', '体', '!', 'a-b']) {
    timeOf(unit.repeat(20_000));
    const short = timeOf(unit.repeat(20_000));
    const long = timeOf(unit.repeat(200_000));
    // Ten times the length; the rest is for a busy machine. A quadratic step would make it a hundred.
    expect(long, unit).toBeLessThan(40 * Math.max(short, 0.5));
  }
});

test('a text without a known word has unknown ratio 1 and gets the prior', () => {
  const { tokens, scores } = answer(uneven, 'qwertz zuiopü');
  expect(tokens).toEqual({ count: 2, unknownRatio: 1 });
  expect([...scores.probabilities]).toEqual([0.75, 0.25]);
  expect(scores.label).toBe('ham');
});

test('the unknown ratio is the share of words that training never showed', () => {
  expect(answer(two, 'free qwertz money !!!').tokens).toEqual({ count: 3, unknownRatio: 1 / 3 });
});

test('an answer does not depend on the texts before it', () => {
  const fresh = answer(createLinearClassifier(trainSmall().model), 'free money offer').scores;
  answer(two, 'meeting agenda patch');
  expect(answer(two, 'free money offer').scores).toEqual(fresh);
});

describe('explain', () => {
  test.each([
    ['two labels', two],
    ['three labels', three],
    ['the less likely of two', uneven],
  ])('contributions add up to the log-odds against the runner-up: %s', (_, classifier) => {
    for (const text of ['free money', 'the meeting about free lunch, a prize!', 'minister', 'qwertz', '']) {
      const { tokens, scores } = answer(classifier, text);
      const [best, second] = [...scores.probabilities].sort((a, b) => b - a);
      const contributions = classifier.explain(tokens, scores);
      expect(sum(contributions.map(({ weight }) => weight))).toBeCloseTo(Math.log(best! / second!), 9);
    }
  });

  test('the strongest comes first, and each feature has its name', () => {
    const { tokens, scores } = answer(two, 'free money');
    const contributions = two.explain(tokens, scores);
    const strengths = contributions.map(({ weight }) => Math.abs(weight));
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
    const names = contributions.map(({ feature }) => feature);
    expect(names).toEqual(expect.arrayContaining([PRIOR_CONTRIBUTION, 'free', 'monei', '[ fre]', '[ey ]']));
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each(ALGORITHM_NAMES)('%s learns what is easy to learn', (algorithm) => {
  const classifier = createLinearClassifier(trainSmall({ algorithm }, smallMails(30, ['ham', 'spam', 'news'])).model);
  expect(answer(classifier, 'a free prize offer').scores.label).toBe('spam');
  expect(answer(classifier, 'patch the kernel').scores.label).toBe('ham');
  expect(answer(classifier, 'the court and the minister').scores.label).toBe('news');
});

test.each(TOKENIZER_NAMES)('with the tokeniser %s too, any string makes probabilities', (tokenizer) => {
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
    const { scores } = answer(classifier, text);
    expect(sum(scores.probabilities)).toBeCloseTo(1, 12);
  }
});
