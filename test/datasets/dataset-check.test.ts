import { describe, expect, test } from 'vitest';
import { createDatasetCheck, type LabelledText } from '../../src/datasets/dataset-check.ts';
import { findSimilarLabels } from '../../src/datasets/similar-labels.ts';
import { scriptOf } from '../../src/datasets/text-scripts.ts';

const options = { files: ['train.csv'], testFiles: ['test.csv'], maxTextCharacters: 1_000 };

/** Makes examples with different texts. */
const many = (label: string, count: number, words = 'a text of') =>
  Array.from({ length: count }, (_, at) => ({ text: `${words} ${label} ${at}`, label }));

function check(examples: readonly LabelledText[], tests: readonly LabelledText[] = []) {
  const dataset = createDatasetCheck(options);
  for (const [at, example] of examples.entries()) dataset.add(example, { file: 0, line: at + 2 });
  for (const [at, example] of tests.entries()) dataset.addTest(example, { file: 0, line: at + 2 });
  return dataset.finish();
}

const warningsOf = (...args: Parameters<typeof check>) =>
  check(...args).warnings.map(({ kind, message }) => `${kind}: ${message}`);

describe('the check of data', () => {
  test('counts the labels, most frequent first, and finds nothing in good data', () => {
    expect(check([...many('ham', 10), ...many('spam', 12)], many('other', 5))).toEqual({
      examples: 22,
      labels: [
        { label: 'spam', count: 12 },
        { label: 'ham', count: 10 },
      ],
      warnings: [],
    });
  });

  test('finds labels named like properties of objects', () => {
    const { labels } = check([...many('__proto__', 11), ...many('constructor', 10)]);
    expect(labels).toEqual([
      { label: '__proto__', count: 11 },
      { label: 'constructor', count: 10 },
    ]);
  });

  test('finds a label that looks like a misspelling', () => {
    expect(warningsOf([...many('billing', 20), ...many('refund', 20), ...many('biling', 12)])).toEqual([
      'similar-labels: "biling" (12) looks like a misspelling of "billing" (20)',
    ]);
  });

  test('finds the same text under two labels, and repeated texts', () => {
    const examples = [...many('ham', 10), ...many('spam', 10)];
    expect(warningsOf([...examples, { ...examples[0]!, label: 'spam' }, examples[1]!])).toEqual([
      'conflicting-labels: 1 text is also there under another label: line 2 and line 22',
      'repeated-texts: 1 text is there before with the same label: line 3 and line 23',
    ]);
  });

  test('finds test texts that are training texts, whatever their label', () => {
    const examples = [...many('ham', 10), ...many('spam', 10)];
    const tests = [...many('other', 8), examples[3]!, { ...examples[4]!, label: 'spam' }];
    expect(warningsOf(examples, tests)).toEqual([
      'test-in-training: 20.0 % of the test texts (2 of 10) are training texts too, so the accuracy is too high: line 10, line 11',
    ]);
  });

  test('finds labels with few examples, and lists five of them', () => {
    const rare = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth'].flatMap((label) => many(label, 3));
    expect(warningsOf([...many('ham', 10), ...rare])).toEqual([
      'few-examples: 6 labels have fewer than 10 examples, too few to learn from: "first" (3), "second" (3), "third" (3), "fourth" (3), "fifth" (3), and 1 more',
    ]);
  });

  test('finds texts that are longer than the service takes', () => {
    const long = { text: 'word '.repeat(300), label: 'ham' };
    expect(warningsOf([...many('ham', 10), long])).toEqual([
      'long-texts: 1 text is longer than 1000 characters, which the service refuses (MAX_TEXT_CHARACTERS): line 12',
    ]);
  });

  test('finds a language of few texts, and a label with a script of its own', () => {
    const russian = many('ham', 2, 'привет это текст');
    expect(warningsOf([...many('ham', 50), ...many('spam', 48), ...russian])).toEqual([
      'rare-script: 2.0 % of the texts (2) are in another script (Cyrillic) than most (Latin): too few to learn their language',
    ]);
    expect(warningsOf([...many('ham', 50), ...many('spam', 30, 'привет это длинный текст')])).toEqual([
      expect.stringMatching(/^script-of-label: nearly all texts of "spam" are in one script \(Cyrillic\)/),
    ]);
    const balanced = ['ham', 'spam'].flatMap((label) => [
      ...many(label, 20),
      ...many(label, 20, 'привет это длинный текст'),
    ]);
    expect(warningsOf(balanced)).toEqual([]);
  });

  test('names the file if there are several', () => {
    const dataset = createDatasetCheck({ ...options, files: ['a.csv', 'b.csv'] });
    dataset.add({ text: 'same', label: 'ham' }, { file: 0, line: 2 });
    dataset.add({ text: 'same', label: 'spam' }, { file: 1, line: 7 });
    expect(dataset.finish().warnings[0]!.message).toContain('a.csv line 2 and b.csv line 7');
  });
});

describe('similar labels', () => {
  const similar = (counts: Record<string, number>) =>
    findSimilarLabels(new Map(Object.entries(counts))).map(({ label, similarTo }) => `${label} → ${similarTo}`);

  test.each([
    [{ Billing: 3, billing: 9 }, ['Billing → billing']],
    [{ 'top up': 9, top_up: 3 }, ['top_up → top up']],
    [{ billing: 9, biling: 1 }, ['biling → billing']],
    [{ billing: 9, blling: 1, refund: 4 }, ['blling → billing']],
    [{ billing: 9, bililng: 1 }, ['bililng → billing']],
    [{ complaint: 100, complant_: 2 }, ['complant_ → complaint']],
    [{ exchange: 100, exchngae: 1 }, ['exchngae → exchange']],
  ])('%j', (counts, expected) => {
    expect(similar(counts)).toEqual(expected);
  });

  test.each([
    { ham: 5, spam: 5 },
    { topic_1: 5, topic_2: 5 },
    { positive: 50, negative: 50 },
    { import: 5, export: 5 },
    { cat: 5, car: 5 },
    { card_linking: 90, card_lending: 90 },
  ])('not %j', (counts) => {
    expect(similar(counts)).toEqual([]);
  });
});

test.each([
  ['hello', 'Latin'],
  ['12 :-)', undefined],
  ['', undefined],
  ['très bon', 'Latin'],
  ['привет world мир', 'Cyrillic'],
  ['我的包裹在哪里', 'Chinese or Japanese'],
  ['ありがとう', 'Chinese or Japanese'],
  ['안녕하세요', 'Hangul'],
  ['ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ', 'other'],
])('the script of %j is %s', (text, script) => {
  expect(scriptOf(text)).toBe(script);
});
