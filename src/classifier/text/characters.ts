import { composeUnits, createCompositions } from './code-points.ts';
import { CHARACTER_DATA } from './unicode-data.ts';

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

export const UNIT_COUNT = 65_536;
// V8 reads an exported constant from memory wherever it is used. The functions for each unit take those that are not exported.
const classStart = 16;
const unitMask = 0xffff;
export const CLASS_SHIFT = classStart;
const CLASS_MASK = 0b111;
export const UNIT_MASK = unitMask;
/** The bit of a `lookalike` letter that looks like no Latin letter. */
export const DISTINCT_BIT = 1 << 19;
/**
 * The bits of an `unstable` mark whose normal form depends on the unit before it alone. The rank tells where normal forms
 * sort it among the marks of a letter. A mark without a rank is not sorted.
 */
export const RANK_SHIFT = 20;
const RANK_MASK = 0b111111;
export const MARK_BIT = 1 << 26;
/** The bit of a mark that joins some letters. */
export const JOINING_BIT = 1 << 27;

/**
 * One entry for each UTF-16 code unit: its class and its lower-case form. Tokenisers read one entry per unit and decode
 * the entry with {@link characterClassOf} and {@link lowerCaseOf}.
 */
export type CharacterTable = Uint32Array;

/** Reads the tables that `npm run docs` has packed. To compute them would take a tenth of a second. */
const packed = unpack(CHARACTER_DATA);

/** The letters that a lower-case letter and a mark compose. */
export const compositions = packed.compositions;
const composedLetters = new Set(compositions.composed);

/** The table of models that were trained without normalisation: the lower case of each unit by itself. */
export const rawTable: CharacterTable = packed.raw;

/** The table of texts that may need normalisation: the normal form of each unit, and the classes of all units. */
export const normalTable: CharacterTable = packed.normal;

/** The table of normalised texts: `lookalike` and `unstable` units are parts of words. */
export const settledTable: CharacterTable = settle();

/** Returns the `CharacterClass` in an entry of a table. */
export function characterClassOf(entry: number): number {
  return (entry >>> classStart) & CLASS_MASK;
}

/** Returns the lower-case code unit in an entry of a table. A unit whose lower case has several units stays as it is. */
export function lowerCaseOf(entry: number): number {
  return entry & unitMask;
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
 * Returns whether two units are a surrogate pair that is its own normal form. It is false for some pairs that are, and true
 * for all emoji and rare ideographs.
 */
export function isStablePair(high: number, low: number): boolean {
  if (low < 0xdc00 || low > 0xdfff) return false;
  const codePoint = ((high - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
  return (codePoint >= 0x1f300 && codePoint < 0x1fbf0) || (codePoint >= 0x20000 && codePoint < 0x2f800);
}

/** Unpacks tables that `packCharacterTables` of `tools/character-tables.ts` has packed. */
export function unpack(text: string) {
  const bytes = Buffer.from(text, 'base64');
  let at = 0;
  const read = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 0x80) {
      const byte = bytes[at]!;
      at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  const entries = Uint32Array.from({ length: read() }, read);
  const readRuns = (table: CharacterTable, shift: number) => {
    for (let unit = 0; unit < UNIT_COUNT; ) {
      const end = unit + read();
      const position = read() - shift;
      const entry = entries[position]!;
      for (; unit < end && position >= 0; unit += 1) {
        table[unit] = (entry & ~UNIT_MASK) | ((entry + unit) & UNIT_MASK);
      }
      unit = end;
    }
    return table;
  };
  const raw = readRuns(new Uint32Array(UNIT_COUNT), 0);
  const normal = readRuns(raw.slice(), 1);
  const letters: [number, boolean][] = [];
  for (let unit = 0; at < bytes.length; ) {
    const step = read();
    unit += step >>> 1;
    letters.push([unit, (step & 1) === 1]);
  }
  return { raw, normal, compositions: createCompositions(letters) };
}

function settle(): CharacterTable {
  const table = normalTable.slice();
  for (let unit = 0; unit < UNIT_COUNT; unit += 1) {
    const entry = table[unit]!;
    if (characterClassOf(entry) >= CharacterClass.lookalike)
      table[unit] = (CharacterClass.word << CLASS_SHIFT) | lowerCaseOf(entry);
  }
  return table;
}
