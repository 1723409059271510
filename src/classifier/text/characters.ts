import {
  collectCompositions,
  composeUnits,
  isCombining,
  isComposingSign,
  isIgnorable,
  isWholeVowel,
  markRankOf,
  normalFormOf,
} from './code-points.ts';
import { CONFUSABLE_LETTERS } from './confusable-letters.ts';

/** The class of a UTF-16 code unit, which decides how a tokeniser treats it. */
export const CharacterClass = {
  /** Blanks, controls and all other units that only separate tokens. */
  gap: 0,
  /** Letters, digits, marks and the underscore. Neighbours join into one word. */
  word: 1,
  /** Punctuation and symbols. A run of the same unit is one token, which is not a word. */
  sign: 2,
  /** Letters of Han, Hiragana and Katakana. Each letter is one word. */
  ideograph: 3,
  /** First half of a surrogate pair. */
  highSurrogate: 4,
  /** Second half of a surrogate pair. */
  lowSurrogate: 5,
  /** Letters of a script that has letters which look like Latin ones. They join into words, as those of `word` do. */
  lookalike: 6,
  /** Units whose normal form is not one unit, or depends on the units before them. */
  unstable: 7,
} as const;

const UNIT_COUNT = 65_536;
const CLASS_SHIFT = 16;
const CLASS_MASK = 0b111;
const UNIT_MASK = 0xffff;
/** The bit of a `lookalike` letter that looks like no Latin letter. */
const DISTINCT_BIT = 1 << 19;
/**
 * The bits of an `unstable` mark whose normal form depends on the unit before it alone. The rank tells where normal forms
 * sort it among the marks of a letter. A mark without a rank is not sorted.
 */
const RANK_SHIFT = 20;
const RANK_MASK = 0b111111;
const MARK_BIT = 1 << 26;
/** The bit of a mark that joins some letters. */
const JOINING_BIT = 1 << 27;

const IDEOGRAPH = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u;
const WORD = /[\p{L}\p{N}\p{M}_]/u;
const SIGN = /[\p{P}\p{S}]/u;
const LOOKALIKE =
  /^(?=\p{L})[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]$/u;
/** Characters that can have a normal form of their own: a fast test for most of those that have none. */
const CAN_CHANGE = /[\p{Changes_When_NFKC_Casefolded}\p{Script=Cherokee}\p{P}\u0131\u2212\ufffd]/u;

/**
 * One entry for each UTF-16 code unit: its class and its lower-case form. Tokenisers read one entry per unit and decode
 * the entry with {@link characterClassOf} and {@link lowerCaseOf}.
 */
export type CharacterTable = Uint32Array;

/** The letters that a lower-case letter and a mark compose: see `collectCompositions`. */
export const compositions = collectCompositions();
const composedLetters = new Set(compositions.composed);

/** The table of models that were trained without normalisation: the lower case of each unit by itself. */
export const rawTable: CharacterTable = buildRawTable();

/** The table of texts that may need normalisation: the normal form of each unit, and the classes of all units. */
export const normalTable: CharacterTable = buildNormalTable();

/** The table of texts in their normal form but for `lookalike` letters: `unstable` units are parts of words. */
export const foldedTable: CharacterTable = normalTable.map((entry) => settle(entry, CharacterClass.unstable));

/** The table of normalised texts: `lookalike` and `unstable` units are parts of words. */
export const settledTable: CharacterTable = normalTable.map((entry) => settle(entry, CharacterClass.lookalike));

/** Returns the `CharacterClass` in an entry of a table. */
export function characterClassOf(entry: number): number {
  return (entry >>> CLASS_SHIFT) & CLASS_MASK;
}

/** Returns the lower-case code unit in an entry of a table. A unit whose lower case has several units stays as it is. */
export function lowerCaseOf(entry: number): number {
  return entry & UNIT_MASK;
}

/** Returns whether an entry of `normalTable` is that of a `lookalike` letter that looks like no Latin letter. */
export function isDistinct(entry: number): boolean {
  return (entry & DISTINCT_BIT) !== 0;
}

/** Returns whether an entry of `normalTable` is that of a mark whose normal form depends on the unit before it alone. */
export function isMark(entry: number): boolean {
  return (entry & MARK_BIT) !== 0;
}

/** Returns whether a mark, for which `isMark` is true, stays as it is after a unit, which is a part of a word. */
export function isMarkInPlace(mark: number, before: number): boolean {
  const entry = normalTable[mark]!;
  const rank = rankOf(entry);
  const rankBefore = rankOf(normalTable[before]!);
  if ((entry & JOINING_BIT) === 0) return rankBefore <= rank;
  if (composeUnits(compositions, before, mark) >= 0) return false;
  // A sorted mark can go before the mark of a composed letter, and join the letter below it.
  return rank === 0 || (rankBefore === 0 && !composedLetters.has(before));
}

function rankOf(entry: number): number {
  return (entry >>> RANK_SHIFT) & RANK_MASK;
}

/**
 * Returns whether a surrogate pair is its own normal form. It is false for some pairs that are, and true for all emoji
 * and rare ideographs.
 */
export function isStablePair(high: number, low: number): boolean {
  const codePoint = ((high - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
  return (codePoint >= 0x1f300 && codePoint < 0x1fbf0) || (codePoint >= 0x20000 && codePoint < 0x2f800);
}

function settle(entry: number, firstClass: number): number {
  return characterClassOf(entry) >= firstClass ? (CharacterClass.word << CLASS_SHIFT) | lowerCaseOf(entry) : entry;
}

function buildRawTable(): CharacterTable {
  const table = new Uint32Array(UNIT_COUNT);
  for (let unit = 0; unit < UNIT_COUNT; unit += 1) {
    const character = String.fromCharCode(unit);
    const lower = character.toLowerCase();
    table[unit] = (classify(unit, character) << CLASS_SHIFT) | (lower.length === 1 ? lower.charCodeAt(0) : unit);
  }
  // Chinese and Japanese texts often have full-width Latin letters and digits: they count as the usual ones.
  for (let unit = 0xff01; unit <= 0xff5e; unit += 1) {
    table[unit] = table[unit - 0xfee0]!;
  }
  return table;
}

function buildNormalTable(): CharacterTable {
  const table = rawTable.slice();
  const confusable = new Set(Object.values(CONFUSABLE_LETTERS).join(''));
  const unstable = CharacterClass.unstable << CLASS_SHIFT;
  for (let unit = 0x80; unit < UNIT_COUNT; unit += 1) {
    // Surrogates.
    if (unit === 0xd800) unit = 0xe000;
    const character = String.fromCharCode(unit);
    if (isWholeVowel(character)) continue;
    if (isIgnorable(character) || isCombining(character)) {
      const rank = markRankOf(character);
      const isJoining = compositions.marks.has(unit);
      const isMark = rank > 0 || (isJoining && isComposingSign(character));
      const bits = (isMark ? MARK_BIT : 0) | (isJoining ? JOINING_BIT : 0);
      table[unit] = unstable | (rank << RANK_SHIFT) | bits | unit;
      continue;
    }
    const form = CAN_CHANGE.test(character) ? normalFormOf(character) : character;
    const target = form.charCodeAt(0);
    if (form.length !== 1 || isCombining(form)) table[unit] = unstable | unit;
    else if (!LOOKALIKE.test(form)) table[unit] = (classify(target, form) << CLASS_SHIFT) | target;
    else {
      const distinct = confusable.has(form.normalize('NFD').charAt(0)) ? 0 : DISTINCT_BIT;
      table[unit] = (CharacterClass.lookalike << CLASS_SHIFT) | distinct | target;
    }
  }
  return table;
}

function classify(unit: number, character: string): number {
  if (unit >= 0xd800 && unit <= 0xdbff) return CharacterClass.highSurrogate;
  if (unit >= 0xdc00 && unit <= 0xdfff) return CharacterClass.lowSurrogate;
  if (unit >= 0x2e80 && unit < 0xac00 && IDEOGRAPH.test(character)) return CharacterClass.ideograph;
  if (WORD.test(character)) return CharacterClass.word;
  return SIGN.test(character) ? CharacterClass.sign : CharacterClass.gap;
}
