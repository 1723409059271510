import { CharacterClass, characterClassOf, isDistinct, lowerCaseOf, normalTable, UNIT_COUNT } from './characters.ts';
import { dropSecondDots } from './code-points.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from './hashing.ts';
import { CONFUSABLE_LETTERS } from './unicode-data.ts';

const { word, lookalike, unstable } = CharacterClass;

const LATIN = /^\p{Script=Latin}$/u;
const GREEK = /\p{Script=Greek}/u;
/** The fewest letters and marks of a Greek word that counts as Latin: single Greek letters are common in formulas. */
const MIN_GREEK_WORD = 3;
const OMICRON = 'ο';

type Letters = ReadonlyMap<string, string>;

/** The Latin letter of each letter that looks like it. */
const latinOf = new Map(
  Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) =>
    Array.from(others, (other) => [other, latin] as const),
  ),
);
/** The letters of Cyrillic and Greek alphabets that Latin letters look like. */
const cyrillicOf = inAlphabet('а', 'ї');
const greekOf = inAlphabet('α', 'ω');

/** The bits of an entry of `letterTable`, above the unit of the Latin letter that a letter looks like, or of the unit itself. */
const Bit = {
  /** A Latin letter. */
  latin: 1 << 16,
  /** A letter of a script that has letters which look like Latin ones. */
  lookalike: 1 << 17,
  /** Not a `lookalike` letter without a Latin letter that looks like it. */
  canBeLatin: 1 << 18,
  greek: 1 << 19,
  /** A Greek letter that can be a name of its own beside Latin letters, as in "TNFα". */
  greekName: 1 << 20,
  /** Not a Latin letter without a Cyrillic letter that looks like it. */
  canBeCyrillic: 1 << 21,
  /** Not a Latin letter without a Greek letter that looks like it. */
  canBeGreek: 1 << 22,
  /** A mark, or a letter that looks like a Latin one with a mark and has no code unit of its own. */
  composed: 1 << 23,
  /** A Latin letter with a mark. */
  accented: 1 << 24,
} as const;

const UNIT_BITS = 0xffff;
const CAN_BE_ALL = Bit.canBeLatin | Bit.canBeCyrillic | Bit.canBeGreek;
/** The ranges of the units that have letters with lower case, or are composed. All others have the bits `CAN_BE_ALL`. */
const LETTER_RANGES = [
  [0x61, 0x3200],
  [0xa4d0, 0xa800],
  [0xab30, 0xac00],
] as const;

/** One entry for each unit of a normal form, so that a word needs neither strings nor regular expressions. */
const letterTable = buildLetterTable();
const cyrillicUnits = unitsOf(cyrillicOf);
const greekUnits = unitsOf(greekOf);

let textUnits = new Uint16Array(1024);
let textBytes = Buffer.from(textUnits.buffer);

/**
 * Replaces letters that look like those of another script, where it is safe: within a word that mixes the scripts, if
 * all letters of one script have a letter of the other one that looks like them. In a Latin text without any other letter
 * of the second script, a whole word that looks Latin is replaced too. Words of one script stay as they are in a text
 * that has both scripts.
 *
 * @param text a text in its normal form, but for look-alike letters
 * @returns the same string if there is nothing to replace
 */
export function foldConfusables(text: string): string {
  if (text.length > textUnits.length) {
    textUnits = new Uint16Array(text.length * 2);
    textBytes = Buffer.from(textUnits.buffer);
  }
  textBytes.write(text, 'utf16le');
  const { hasLatin, hasLookalikes, hasDistinct } = scriptsOf(textUnits.subarray(0, text.length));
  if (!hasLatin || !hasLookalikes) return text;
  let [folded, copied] = ['', 0];
  for (let at = 0; at < text.length; at += 1) {
    const start = at;
    let hasLookalike = false;
    for (; at < text.length; at += 1) {
      const unitClass = characterClassOf(normalTable[textUnits[at]!]!);
      if (unitClass === lookalike) hasLookalike = true;
      else if (unitClass !== word && unitClass !== unstable) break;
    }
    if (!hasLookalike) continue;
    const replaced = foldWord(textUnits, start, at, !hasDistinct);
    if (replaced === false) continue;
    folded += text.slice(copied, start) + (replaced === true ? stringOf(textUnits, start, at) : replaced);
    copied = at;
  }
  return copied === 0 ? text : folded + text.slice(copied);
}

/** Returns whether a lower-case code unit is a Latin letter. */
export function isLatinUnit(unit: number): boolean {
  return (letterTable[unit]! & Bit.latin) !== 0;
}

/** Returns whether a letter has to be looked at by `foldWord`, also in a word with Latin letters in a Latin text. */
export function isHardLetter(unit: number): boolean {
  return (letterTable[unit]! & (Bit.composed | Bit.greekName)) !== 0;
}

/** Folds a word with Latin letters, and without hard letters and marks, of a Latin text. Returns the hash of its token. */
export function foldEasyWord(units: Uint16Array, start: number, end: number): number {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at += 1) {
    const unit = letterTable[units[at]!]! & UNIT_BITS;
    units[at] = unit;
    hash = addUnit(hash, unit);
  }
  return finishHash(hash);
}

/**
 * Folds a word, which has a `lookalike` letter.
 *
 * @param isLatinText whether all `lookalike` letters of the text look like Latin letters, and it has Latin ones too.
 * @returns false if the word stays as it is, true if its letters were replaced in place, or the word that has another length
 */
export function foldWord(units: Uint16Array, start: number, end: number, isLatinText: boolean): string | boolean {
  let [any, all] = [0, -1];
  for (let at = start; at < end; at += 1) {
    const entry = letterTable[units[at]!]!;
    any |= entry;
    all &= entry;
  }
  const hasLatin = (any & Bit.latin) !== 0;
  const isSafe = hasLatin
    ? (any & Bit.greekName) === 0 || areNamesWithin(units, start, end)
    : (any & Bit.greek) === 0 || isLongGreek(units, start, end);
  const canBeLatin = isSafe && (all & Bit.canBeLatin) !== 0;
  if (!hasLatin) return isLatinText && canBeLatin ? replaceLookalikes(units, start, end, any) : false;
  if (!isLatinText) {
    const isGreek = (any & Bit.greek) !== 0 && isFirstGreek(units, start, end);
    const canBeOther = (all & (isGreek ? Bit.canBeGreek : Bit.canBeCyrillic)) !== 0;
    if (canBeOther) return replaceLatin(units, start, end, any, isGreek);
  }
  return canBeLatin ? replaceLookalikes(units, start, end, any) : false;
}

/** Returns whether all Greek names are between Latin letters: in "TNFα" and "αi" they are not, and stay. */
function areNamesWithin(units: Uint16Array, start: number, end: number): boolean {
  const letters = units.subarray(start, end);
  const isName = (unit: number) => (letterTable[unit]! & Bit.greekName) !== 0;
  const [first, last] = [letters.findIndex(isName), letters.findLastIndex(isName)];
  return first > letters.findIndex(isLatinUnit) && last < letters.findLastIndex(isLatinUnit);
}

/** Returns whether the first `lookalike` letter of a word is Greek. */
function isFirstGreek(units: Uint16Array, start: number, end: number): boolean {
  const first = units.subarray(start, end).find((unit) => (letterTable[unit]! & Bit.lookalike) !== 0);
  return first !== undefined && (letterTable[first]! & Bit.greek) !== 0;
}

function isLongGreek(units: Uint16Array, start: number, end: number): boolean {
  return end - start >= MIN_GREEK_WORD || stringOf(units, start, end).normalize('NFD').length >= MIN_GREEK_WORD;
}

function replaceLookalikes(units: Uint16Array, start: number, end: number, bits: number): string | true {
  if ((bits & Bit.composed) !== 0) return composeLetters(stringOf(units, start, end), latinOf);
  for (let at = start; at < end; at += 1) units[at] = letterTable[units[at]!]! & UNIT_BITS;
  return true;
}

/** Replaces Latin letters. A letter with a mark becomes the other letter with the same mark. */
function replaceLatin(units: Uint16Array, start: number, end: number, bits: number, isGreek: boolean): string | true {
  if ((bits & (Bit.composed | Bit.accented)) !== 0)
    return composeLetters(stringOf(units, start, end), isGreek ? greekOf : cyrillicOf);
  const letters = isGreek ? greekUnits : cyrillicUnits;
  for (let at = start; at < end; at += 1) if (isLatinUnit(units[at]!)) units[at] = letters[units[at]!]!;
  return true;
}

function composeLetters(text: string, letters: Letters): string {
  const characters = Array.from(text.normalize('NFD'), (character) => letters.get(character) ?? character);
  return dropSecondDots(characters.join('')).normalize('NFC');
}

function stringOf({ buffer, byteOffset }: Uint16Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start * 2, (end - start) * 2).toString('utf16le');
}

function scriptsOf(units: Uint16Array): { hasLatin: boolean; hasLookalikes: boolean; hasDistinct: boolean } {
  let [hasLatin, hasLookalikes, hasDistinct] = [false, false, false];
  for (const unit of units) {
    const entry = normalTable[unit]!;
    const unitClass = characterClassOf(entry);
    if (unitClass === lookalike) {
      hasLookalikes = true;
      if (isDistinct(entry)) hasDistinct = true;
    } else if (!hasLatin && unitClass === word) hasLatin = isLatinUnit(lowerCaseOf(entry));
  }
  return { hasLatin, hasLookalikes, hasDistinct };
}

function buildLetterTable(): Uint32Array {
  const table = new Uint32Array(UNIT_COUNT);
  for (let unit = 0; unit < UNIT_COUNT; unit += 1) table[unit] = CAN_BE_ALL | unit;
  for (const [first, end] of LETTER_RANGES)
    for (let unit = first; unit < end; unit += 1) table[unit] = describeLetter(unit);
  return table;
}

function describeLetter(unit: number): number {
  const form = normalTable[unit]!;
  const unitClass = characterClassOf(form);
  if (unitClass === unstable) return CAN_BE_ALL | Bit.composed | unit;
  if ((unitClass !== word && unitClass !== lookalike) || lowerCaseOf(form) !== unit) return CAN_BE_ALL | unit;
  const character = String.fromCharCode(unit);
  const parts = character.normalize('NFD');
  let entry: number = CAN_BE_ALL;
  for (const part of parts) {
    if (LATIN.test(part)) {
      entry |= Bit.latin;
      if (!cyrillicOf.has(part)) entry &= ~Bit.canBeCyrillic;
      if (!greekOf.has(part)) entry &= ~Bit.canBeGreek;
    }
    if (characterClassOf(normalTable[part.charCodeAt(0)]!) === lookalike) {
      entry |= Bit.lookalike;
      if (!latinOf.has(part)) entry &= ~Bit.canBeLatin;
    }
    if (GREEK.test(part)) entry |= part === OMICRON ? Bit.greek : Bit.greek | Bit.greekName;
  }
  if ((entry & Bit.latin) !== 0 && parts !== character) entry |= Bit.accented;
  if ((entry & Bit.lookalike) === 0) return entry | unit;
  const latin = composeLetters(character, latinOf);
  return entry | (latin.length > 1 ? Bit.composed | unit : latin.charCodeAt(0));
}

function inAlphabet(first: string, last: string): Letters {
  return new Map(
    Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) => {
      const letter = Array.from(others).find((other) => other >= first && other <= last);
      return letter === undefined ? [] : [[latin, letter] as const];
    }),
  );
}

function unitsOf(letters: Letters): Uint16Array {
  const units = new Uint16Array(128);
  for (const [latin, letter] of letters) units[latin.charCodeAt(0)] = letter.charCodeAt(0);
  return units;
}
