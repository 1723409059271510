import {
  CharacterClass,
  characterClassOf,
  DISTINCT_BIT,
  lowerCaseOf,
  MARK_BIT,
  normalTable,
} from '../text/characters.ts';
import { foldEasyWord, foldWord, isHardLetter, isLatinUnit } from '../text/confusables.ts';
import { enlarge } from '../text/hash-index.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from '../text/hashing.ts';
import { type TokenBuffer, TokenKind } from '../text/token-buffer.ts';

const { word, lookalike } = CharacterClass;

/** The bits of an entry of `readingTable`, beside those of `normalTable`. */
export const LetterBit = {
  /** A unit of the class `word`. */
  word: 1 << 28,
  /** A unit of the class `lookalike`. */
  lookalike: 1 << 29,
  /** A `lookalike` letter that looks like no Latin letter. */
  distinct: DISTINCT_BIT,
  latin: 1 << 30,
  /** A mark, or a letter for which `isHardLetter` is true. */
  hard: MARK_BIT,
} as const;

/** `normalTable` with bits that describe a word if the entries of its units are joined by OR. */
export const readingTable = normalTable.map((entry) => {
  const unit = lowerCaseOf(entry);
  const unitClass = characterClassOf(entry);
  if (unitClass === word) return entry | LetterBit.word | (isLatinUnit(unit) ? LetterBit.latin : 0);
  if (unitClass === lookalike) return entry | LetterBit.lookalike | (isHardLetter(unit) ? LetterBit.hard : 0);
  return entry;
});

/** The words of the current text whose look-alike letters may have to be replaced. Texts are read one at a time. */
let tokens = new Int32Array(256);
let letters = new Int32Array(256);
let count = 0;

/** Forgets the words of the text before. */
export function clearSuspects(): void {
  count = 0;
}

/**
 * Remembers a word if its look-alike letters may have to be replaced.
 *
 * @param token the number of its token
 * @param ofWord the entries of its units, joined by OR
 * @param ofText those of the words up to this one
 */
export function addSuspect(token: number, ofWord: number, ofText: number): void {
  if ((ofWord & LetterBit.lookalike) === 0) return;
  // Words of one script stay in a text that has a letter which looks like no Latin one.
  if ((ofWord & LetterBit.latin) === 0 && (ofText & LetterBit.distinct) !== 0) return;
  if (count === tokens.length) {
    tokens = enlarge(tokens);
    letters = enlarge(letters);
  }
  tokens[count] = token;
  letters[count] = ofWord;
  count += 1;
}

/**
 * Replaces the look-alike letters of the words that were remembered.
 *
 * @param ofText the entries of the words with look-alike letters, joined by OR
 * @returns the number of changed words, or -1 if one of them became longer, which has no room
 */
export function foldSuspects(buffer: TokenBuffer, ofText: number): number {
  const { units, starts, ends, hashes } = buffer;
  const isLatinText = (ofText & LetterBit.distinct) === 0;
  let hasLatin: boolean | undefined;
  let changed = 0;
  for (let at = 0; at < count; at += 1) {
    const token = tokens[at]!;
    const start = starts[token]!;
    const end = ends[token]!;
    const isMixed = (letters[at]! & LetterBit.latin) !== 0;
    if (isMixed && isLatinText && (letters[at]! & LetterBit.hard) === 0) {
      hashes[token] = foldEasyWord(units, start, end);
      changed += 1;
      continue;
    }
    if (!isMixed) {
      // The word of one script stays, unless it looks Latin in a Latin text.
      hasLatin ??= isLatinText && hasLatinWord(buffer);
      if (!hasLatin) continue;
    }
    const folded = foldWord(units, start, end, isLatinText);
    if (folded === false) continue;
    if (folded !== true) {
      if (folded.length > end - start) return -1;
      for (let part = 0; part < folded.length; part += 1) units[start + part] = folded.charCodeAt(part);
      ends[token] = start + folded.length;
    }
    hashes[token] = hashUnits(units, start, ends[token]!);
    changed += 1;
  }
  return changed;
}

/** Returns the entries of the units of a word, joined by OR. */
export function lettersOf(units: Uint16Array, start: number, end: number): number {
  let joined = 0;
  for (let at = start; at < end; at += 1) joined |= readingTable[units[at]!]!;
  return joined;
}

function hasLatinWord({ units, starts, ends, kinds, count: tokenCount }: TokenBuffer): boolean {
  for (let token = 0; token < tokenCount; token += 1) {
    if (kinds[token] !== TokenKind.word) continue;
    if ((lettersOf(units, starts[token]!, ends[token]!) & LetterBit.latin) !== 0) return true;
  }
  return false;
}

function hashUnits(units: Uint16Array, start: number, end: number): number {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at += 1) hash = addUnit(hash, units[at]!);
  return finishHash(hash);
}
