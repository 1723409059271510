import AggressiveTokenizer from 'natural/lib/natural/tokenizers/aggressive_tokenizer.js';
import TreebankWordTokenizer from 'natural/lib/natural/tokenizers/treebank_word_tokenizer.js';
import { expect, test } from 'vitest';
import { hashString } from '../../../src/classifier/text/hashing.ts';
import { TOKENIZER_NAMES, type TokenizerName } from '../../../src/classifier/text/text-options.ts';
import { createTokenBuffer } from '../../../src/classifier/text/token-buffer.ts';
import { createTokenizer } from '../../../src/classifier/tokenizers/tokenizers.ts';

function tokensOf(name: TokenizerName, text: string): string[] {
  const buffer = createTokenBuffer();
  createTokenizer(name, 'nfkc')(text, buffer);
  return Array.from({ length: buffer.count }, (_, at) =>
    String.fromCharCode(...buffer.units.subarray(buffer.starts[at], buffer.ends[at])),
  );
}

const TEXT = "They'll pay $5.00 (or so) for a well-known book; won't they?";

test("the tokenisers of natural find natural's tokens, in lower case", () => {
  const lower = (tokens: string[]) => tokens.map((token) => token.toLowerCase());
  expect(tokensOf('natural-aggressive', TEXT)).toEqual(lower(new AggressiveTokenizer().tokenize(TEXT)));
  expect(tokensOf('natural-treebank', TEXT)).toEqual(lower(new TreebankWordTokenizer().tokenize(TEXT)));
});

test('the segmenter finds words in a script without spaces', () => {
  expect(tokensOf('segmenter', 'ภาษาไทยง่าย')).toEqual(['ภาษา', 'ไทย', 'ง่าย']);
});

test('the character tokeniser makes each character a token, and keeps surrogate pairs whole', () => {
  expect(tokensOf('characters', 'Ab 体\u{20000}😀\ud800')).toEqual(['a', 'b', '体', '\u{20000}', '😀']);
});

test.each(TOKENIZER_NAMES)('%s gives each token the hash of the string with the same characters', (name) => {
  const buffer = createTokenBuffer();
  createTokenizer(name, 'nfkc')(TEXT, buffer);
  expect(buffer.count).toBeGreaterThan(0);
  for (let at = 0; at < buffer.count; at += 1) {
    const token = String.fromCharCode(...buffer.units.subarray(buffer.starts[at], buffer.ends[at]));
    expect(buffer.hashes[at]).toBe(hashString(token));
  }
});
