import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { hashString } from '../../../src/classifier/text/hashing.ts';
import { createStemHasher, createStemRecorder } from '../../../src/classifier/text/stemming.ts';

const unitsOf = (word: string) => Uint16Array.from(word, (letter) => letter.charCodeAt(0));
const stemHash = createStemHasher();
const hashOf = (word: string) => stemHash(hashString(word), unitsOf(word), 0, word.length);

test("it hashes natural's Porter stem, with and without the cache", () => {
  for (const word of ['relational', 'running', 'cats', 'hopefulness', 'running', 'is']) {
    expect(hashOf(word)).toBe(hashString(PorterStemmer.stem(word)));
  }
});

test('it stays correct with more words than the cache holds', () => {
  const random = createRandom(5);
  const letters = 'abcdeginrst';
  const words = Array.from({ length: 50_000 }, () =>
    Array.from({ length: 3 + Math.floor(random() * 6) }, () => letters[Math.floor(random() * letters.length)]).join(''),
  );
  for (const word of words) hashOf(word);
  const wrong = words.filter((word, at) => at % 50 === 0 && hashOf(word) !== hashString(PorterStemmer.stem(word)));
  expect(wrong).toEqual([]);
});

test.each(['naïve', 'a1ing', 'ab', 'running'.repeat(10)])('%s is not stemmed', (word) => {
  expect(hashOf(word)).toBe(hashString(word));
});

test('the model has a table of frequent words, and their stems come from the table', () => {
  const { stemHash: record, frequentStems } = createStemRecorder();
  const recordStem = (word: string) => record(hashString(word), unitsOf(word), 0, word.length);
  for (const word of ['running', 'cats', 'running', 'running', 'relational', 'cats', 'cats', 'cats']) {
    expect(recordStem(word)).toBe(hashString(PorterStemmer.stem(word)));
  }
  const table = frequentStems();
  expect(table.words).toEqual(Int32Array.of(hashString('cats'), hashString('running')));
  expect(table.stems).toEqual(Int32Array.of(hashString('cat'), hashString('run')));
  const fromTable = createStemHasher({ words: table.words, stems: Int32Array.of(1, 2) });
  expect(fromTable(hashString('running'), unitsOf('running'), 0, 7)).toBe(2);
});
