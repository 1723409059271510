import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CharacterClass, characterClassOf, lowerCaseOf, normalTable } from '../../../src/classifier/text/characters.ts';
import { foldConfusables, isLatinUnit } from '../../../src/classifier/text/confusables.ts';
import { foldText, normaliseText } from '../../../src/classifier/text/normalisation.ts';
import { createTokenBuffer, type TokenBuffer } from '../../../src/classifier/text/token-buffer.ts';
import { tokenizeNormalised } from '../../../src/classifier/tokenizers/normal-form-tokenizer.ts';
import { tokenizeRaw } from '../../../src/classifier/tokenizers/unicode-tokenizer.ts';
import { foldByStrings } from './fold-by-strings.ts';

const buffer = createTokenBuffer();
const codesOf = (text: string) => Array.from(text, (character) => character.codePointAt(0)!.toString(16)).join(' ');

function tokensOf({ units, starts, ends, hashes, kinds, count, wordCount }: TokenBuffer) {
  return {
    tokens: Array.from({ length: count }, (_, at) => [
      String.fromCharCode(...units.subarray(starts[at], ends[at])),
      hashes[at],
      kinds[at],
    ]),
    wordCount,
  };
}

/** Compares the ways to read a text with the slow one. */
function expectSame(text: string): void {
  const unfolded = foldText(text);
  if (unfolded === undefined) return;
  const expected = foldByStrings(unfolded.text);
  const isObfuscated = unfolded.isObfuscated || expected !== unfolded.text;
  const where = codesOf(text);
  if (foldConfusables(unfolded.text) !== expected)
    expect(codesOf(foldConfusables(unfolded.text)), where).toBe(codesOf(expected));
  expect(normaliseText(text), where).toEqual({ text: expected, isObfuscated });
  tokenizeNormalised(text, buffer);
  const actual = { ...tokensOf(buffer), isObfuscated: buffer.isObfuscated };
  // The normal form has no letter whose lower case or class depends on the table.
  tokenizeRaw(expected, buffer);
  expect(actual, where).toEqual({ ...tokensOf(buffer), isObfuscated });
}

const normalUnits = Array.from({ length: 0x10000 }, (_, unit) => unit).filter(
  (unit) => lowerCaseOf(normalTable[unit]!) === unit && (unit < 0xd800 || unit > 0xdfff),
);
const classOf = (unit: number) => characterClassOf(normalTable[unit]!);
const lookalikes = normalUnits.filter((unit) => classOf(unit) === CharacterClass.lookalike);
const marks = normalUnits.filter((unit) => unit < 0x3100 && /\p{M}/u.test(String.fromCharCode(unit)));

test('Latin letters are those of the script', () => {
  for (const unit of normalUnits) {
    if (classOf(unit) !== CharacterClass.word) continue;
    const isLatin = /\p{Script=Latin}/u.test(String.fromCharCode(unit));
    if (isLatinUnit(unit) !== isLatin) expect(unit.toString(16)).toBe(isLatin);
  }
});

test('each letter of another script is folded as by strings, in a Latin text and in one of its own script', () => {
  for (const unit of lookalikes) {
    const letter = String.fromCharCode(unit);
    for (const word of [
      letter,
      `${letter}${letter}`,
      `${letter}a`,
      `a${letter}`,
      `a${letter}t`,
      `${letter}и`,
      `wa${letter}`,
    ])
      for (const text of [`${word} in Latin`, `${word} дом жук`, `ωδή ${word} λψ`]) expectSame(text);
  }
});

test('each Latin letter is folded as by strings, beside Cyrillic and Greek letters', () => {
  for (const unit of normalUnits) {
    if (!isLatinUnit(unit)) continue;
    const letter = String.fromCharCode(unit);
    for (const text of [
      `${letter}о`,
      `о${letter}`,
      `жук ${letter}о`,
      `λψ ${letter}ο${letter}`,
      `${letter}о`.normalize('NFD'),
    ])
      expectSame(text);
  }
});

test('marks stay with their letters', () => {
  for (const mark of marks) {
    const accent = String.fromCharCode(mark);
    for (const text of [
      `а${accent}bc`,
      `жук cа${accent}`,
      `ye${accent}у жук`,
      `xі${accent}\u0307`,
      `у${accent}`,
      `ο${accent} at`,
    ])
      expectSame(text);
  }
});

/** Words that mix scripts, close together, with what stands between and before them. */
const word = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...'aceiopxyktmuhbnäéïßøđij') },
    { weight: 3, arbitrary: fc.constantFrom(...'асеіорхукйёўїжщиԁѕАЕ') },
    { weight: 2, arbitrary: fc.constantFrom(...'αονικρΑόύϊωδς') },
    { weight: 1, arbitrary: fc.constantFrom(...lookalikes.map((unit) => String.fromCharCode(unit))) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...'\u0300\u0301\u0306\u0307\u0308\u0323\u0345\u200b\u00ad1_가がक\u093cא\u05b0ﬁ…№Ａ𝐚'),
    },
  ),
  { maxLength: 7 },
);
const gap = fc.constantFrom(' ', ' ', ' ', '-', '. ', '中', '😀', '\u00b4', '=', '');

test('any text is folded as by strings', () => {
  const text = fc
    .array(fc.tuple(word, gap), { maxLength: 5 })
    .map((words) => words.map(([letters, after]) => letters.join('') + after).join(''));
  fc.assert(fc.property(text, expectSame), { numRuns: 3_000 });
});
