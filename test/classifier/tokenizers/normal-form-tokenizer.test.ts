import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseText } from '../../../src/classifier/text/normalisation.ts';
import { createTokenBuffer, type TokenBuffer } from '../../../src/classifier/text/token-buffer.ts';
import { tokenizeNormalised } from '../../../src/classifier/tokenizers/normal-form-tokenizer.ts';
import { tokenizeRaw } from '../../../src/classifier/tokenizers/unicode-tokenizer.ts';

const buffer = createTokenBuffer();
const codesOf = (text: string) => Array.from(text, (character) => character.codePointAt(0)!.toString(16)).join(' ');

function tokensOf({ units, starts, ends, hashes, kinds, count, wordCount }: TokenBuffer) {
  const tokens = Array.from({ length: count }, (_, at) => [
    String.fromCharCode(...units.subarray(starts[at], ends[at])),
    hashes[at],
    kinds[at],
  ]);
  return { tokens, wordCount };
}

/** Compares the tokens with those of the normal form. */
function expectTokensOf(text: string, normalForm: string): void {
  tokenizeNormalised(text, buffer);
  const actual = tokensOf(buffer);
  // The normal form has no letter whose lower case or class depends on the table.
  tokenizeRaw(normalForm, buffer);
  expect(actual, codesOf(text)).toEqual(tokensOf(buffer));
}

/**
 * Returns the normal form by strings and regular expressions, which is slow. Half of a surrogate pair, which becomes a blank,
 * leads there.
 */
const normalFormByStrings = (text: string) => normaliseText(`${text} \ud800`).text;

test.each([
  ['a longer form in a word', 'Straße № 5', 'strasse no 5'],
  ['a longer form that joins the words beside it', 'x№5', 'xno5'],
  ['longer forms that join the signs beside them', '.…. a…b', '..... a...b'],
  ['a form of several tokens', '⑴½', '(1)1\u20442'],
  ['an invisible character between equal signs', '!\u200b!', '!!'],
  ['an invisible character after a mark', 'e\u0301\u200bt', 'ét'],
  ['a mark on a letter that has one', 'e\u0323\u0302', 'ệ'],
  ['a mark on a kana', 'か\u3099き\u3099', 'がぎ'],
  ['a mark on a half-width kana', 'ﾊ\uff9f', 'パ'],
  ['a mark on a sign, beside the composed sign', '≠=\u0338 a', '≠≠ a'],
  ['a mark on the last of some signs', '==\u0338', '=≠'],
  ['parts of syllables', '\u1112\u1161\u11ab한', '한한'],
  ['half of a surrogate pair before a letter', '№ \ud880Α\ud880…', 'no  α ...'],
])('finds the tokens with %s', (_, text, normalForm) => {
  expectTokensOf(text, normalForm);
});

test.each(['ß', '…', 'ﷺ', 'e\u0301', 'か\u3099', '=\u0338', 'ё ', 'pа '])(
  'finds the tokens of many times %s',
  (part) => {
    for (const count of [10, 500, 20_000]) {
      const text = part.repeat(count);
      const expected = normaliseText(text).text;
      tokenizeNormalised(text, buffer);
      const actual = { ...buffer, units: buffer.units.slice(), hashes: buffer.hashes.slice(0, buffer.count) };
      tokenizeRaw(expected, buffer);
      expect(actual.count).toBe(buffer.count);
      expect(actual.hashes).toEqual(buffer.hashes.subarray(0, buffer.count));
    }
  },
);

/** Words with longer forms, marks, letters of several scripts and invisible characters, and what stands between them. */
const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...'aceiopxystBEäéø019_') },
  { weight: 4, arbitrary: fc.constantFrom(...'асеорухйёїжѕАЕЖανοόωΑδ') },
  { weight: 2, arbitrary: fc.constantFrom(...'ßİıſﬁﬃ№…™½ﷻᾳΰŉ㎏⑴Ω') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...'\u0300\u0301\u0306\u0307\u0308\u0323\u0338\u0345\u3099\u093c\u094d\u05b0\u09be\u0e38',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(...'\u200b\u200d\u00ad\u034f\ufeff\u3164\ufe0f') },
  { weight: 3, arbitrary: fc.constantFrom(...'  .=!-’、≠\u0000') },
  { weight: 1, arbitrary: fc.constantFrom(...'かがﾊﾟ中ᄒ\u1161\u11ab한कংেنำ´') },
  { weight: 1, arbitrary: fc.constantFrom('😀', '🏴', '𝐚', '\u{20000}', '\u{1d165}', '\u{e0041}') },
);
const wellFormed = fc.array(part, { maxLength: 24 }).map((parts) => parts.join(''));
const anyText = fc.oneof(
  { weight: 8, arbitrary: wellFormed },
  { weight: 2, arbitrary: wellFormed.map((text) => text.normalize('NFD')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 24 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.oneof(wellFormed, fc.constantFrom('\ud800', '\ud83d', '\ud880', '\udc00')), { maxLength: 4 })
      .map((parts) => parts.join('')),
  },
);

const isObfuscated = (text: string) => {
  tokenizeNormalised(text, buffer);
  return buffer.isObfuscated;
};

test('any text has the tokens of its normal form, which strings and regular expressions find', () => {
  fc.assert(
    fc.property(anyText, (text) => expectTokensOf(text, normalFormByStrings(text))),
    { numRuns: 3_000 },
  );
});

test.each(['№ \ud800 a\u200b\u200bt', '№ a\u200b\u200bt', 'ﬁ\u200bt', 'e\u0301\u200bt', 'e\u0323\u0302\u200bt'])(
  'hidden letters in %s count as in the normal form',
  (text) => {
    expect(isObfuscated(text)).toBe(normaliseText(text).isObfuscated);
  },
);

test('any text hides letters if its normal form says so', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      // The one pass reads half of a surrogate pair if nothing before it has another normal form.
      const longer = text.isWellFormed() ? text : `№ ${text}`;
      expect(isObfuscated(longer), codesOf(longer)).toBe(normaliseText(longer).isObfuscated);
    }),
    { numRuns: 3_000 },
  );
});
