import { WordTokenizer } from 'natural/lib/natural/tokenizers/regexp_tokenizer.js';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import { createTokenBuffer, TokenKind } from '../../../src/classifier/text/token-buffer.ts';
import { tokenizeNormalised } from '../../../src/classifier/tokenizers/normal-form-tokenizer.ts';
import { tokenizeRaw } from '../../../src/classifier/tokenizers/unicode-tokenizer.ts';

const buffer = createTokenBuffer();

function tokensOf(text: string, tokenize = tokenizeNormalised): [string, number][] {
  tokenize(text, buffer);
  return Array.from({ length: buffer.count }, (_, at) => [
    String.fromCharCode(...buffer.units.subarray(buffer.starts[at], buffer.ends[at])),
    buffer.kinds[at]!,
  ]);
}

const wordsOf = (text: string) =>
  tokensOf(text)
    .filter(([, kind]) => kind !== TokenKind.sign)
    .map(([token]) => token);

test("its words on ASCII text are those of natural's WordTokenizer, in lower case", () => {
  const random = createRandom(1);
  const natural = new WordTokenizer();
  for (let round = 0; round < 500; round += 1) {
    const units = Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 128));
    const text = String.fromCharCode(...units);
    expect(wordsOf(text)).toEqual(natural.tokenize(text.toLowerCase()));
  }
});

test('without normalisation each unit has its own lower case, as artefacts of format 1 were trained', () => {
  const raw = (text: string) => tokensOf(text, tokenizeRaw).map(([token]) => token);
  expect(raw('Stra\u00dfe \u0130ki cre\u0300me fr\u200bee v\u0456agra')).toEqual([
    'stra\u00dfe',
    '\u0130ki',
    'cre\u0300me',
    'fr',
    'ee',
    'v\u0456agra',
  ]);
});

test('letters of any alphabet join into words with their marks', () => {
  expect(wordsOf('Grüße, ПРИВЕТ! नमस्ते שלום')).toEqual(['grüsse', 'привет', 'नमस्ते', 'שלום']);
});

test('each ideograph, kana and emoji is one word', () => {
  expect(wordsOf('体验2D 😀😀')).toEqual(['体', '验', '2d', '😀', '😀']);
});

test('full-width letters are the usual letters', () => {
  expect(wordsOf('ＡＢＣ１')).toEqual(['abc1']);
});

test('a run of one sign is one token, but not a word', () => {
  expect(tokensOf('hi!!!?')).toEqual([
    ['hi', TokenKind.word],
    ['!!!', TokenKind.sign],
    ['?', TokenKind.sign],
  ]);
});

test('lone surrogates and NULs are gaps', () => {
  expect(wordsOf('a\ud800b\udc00c\u0000d')).toEqual(['a', 'b', 'c', 'd']);
});

test('a buffer grows for a long text and is empty before the next text', () => {
  expect(wordsOf('x '.repeat(50_000))).toHaveLength(50_000);
  expect(wordsOf('short')).toEqual(['short']);
});
