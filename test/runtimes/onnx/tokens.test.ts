import { describe, expect, test } from 'vitest';
import type { HuggingFaceTokenizer } from '../../../src/runtimes/onnx/packages.ts';
import { normalise, poolTokens } from '../../../src/runtimes/onnx/pooling.ts';
import { createTokenIds, isLowercasing } from '../../../src/runtimes/onnx/token-ids.ts';

/** A tokeniser of words: 1 and 2 are special, 0 is unknown. The real one comes with the packages of runtimes. */
function wordTokenizer(): HuggingFaceTokenizer & { read: string[] } {
  const read: string[] = [];
  return {
    read,
    encode(text, { add_special_tokens: withSpecial }) {
      read.push(text);
      const words = text.split(/\s+/).filter(Boolean);
      const ids = words.map((word) => (word === '?' ? 0 : word.length + 10));
      return { ids: withSpecial ? [1, ...ids, 2] : ids };
    },
    token_to_id: (token) => (token === '[UNK]' ? 0 : undefined),
  };
}

describe('token ids', () => {
  test('have the special tokens around the text', () => {
    const tokenize = createTokenIds(wordTokenizer(), 8);
    expect(tokenize('a bb ?')).toEqual({ ids: [1, 11, 12, 0, 2], count: 3, unknown: 1 });
    expect(tokenize('')).toEqual({ ids: [1, 2], count: 0, unknown: 0 });
  });

  test('of a long text are cut at the end, inside of the special tokens', () => {
    const tokenize = createTokenIds(wordTokenizer(), 5);
    expect(tokenize('a a a a a a').ids).toEqual([1, 11, 11, 11, 2]);
  });

  test('of a very long text are those of its beginning, which is all that is read', () => {
    const tokenizer = wordTokenizer();
    const tokenize = createTokenIds(tokenizer, 12);
    const text = 'word '.repeat(10_000);
    expect(tokenize(text).ids).toEqual([1, ...Array(10).fill(14), 2]);
    expect(Math.max(...tokenizer.read.map(({ length }) => length))).toBeLessThanOrEqual(160);
  });

  test('of a tokeniser for lowercase have no final sigma', () => {
    const tokenizer = wordTokenizer();
    createTokenIds(tokenizer, 8, true)('ΛΟΓΟΣ');
    createTokenIds(tokenizer, 8, false)('ΛΟΓΟΣ');
    expect(tokenizer.read.filter((text) => text !== 'a')).toEqual(['ΛΟΓΟσ', 'ΛΟΓΟΣ']);
    const normalizers = [{ type: 'BertNormalizer', lowercase: true }, { type: 'Lowercase' }, { type: 'NFC' }, null];
    expect(normalizers.map((normalizer) => isLowercasing({ normalizer }))).toEqual([true, true, false, false]);
  });

  test('of a very long beginning with few tokens are read to the end', () => {
    const tokenize = createTokenIds(wordTokenizer(), 12);
    expect(tokenize(`${' '.repeat(500)}end`).ids).toEqual([1, 13, 2]);
    expect(tokenize('x'.repeat(500)).ids).toEqual([1, 510, 2]);
  });
});

describe('pooling', () => {
  // Two texts of two tokens with two values. The second text has one token and padding.
  const states = Float32Array.of(3, 0, 0, 4, 0, 5, 9, 9);

  test.each([
    ['mean', [0.6, 0.8]],
    ['cls', [1, 0]],
    ['max', [0.6, 0.8]],
  ] as const)('by %s has length 1', (pooling, expected) => {
    const pooled = [...poolTokens(states, 0, 2, 2, 2, pooling)];
    expect(pooled.map((value) => Number(value.toFixed(6)))).toEqual(expected);
  });

  test.each(['mean', 'cls', 'max'] as const)('by %s leaves out padding', (pooling) => {
    expect([...poolTokens(states, 1, 2, 1, 2, pooling)]).toEqual([0, 1]);
  });

  test('of values that are not finite is a vector of zeros', () => {
    expect([...normalise(Float32Array.of(Number.NaN, 1))]).toEqual([0, 0]);
    expect([...normalise(Float32Array.of(0, 0))]).toEqual([0, 0]);
  });
});
