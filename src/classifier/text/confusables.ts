import { CharacterClass, characterClassOf, isDistinct, lowerCaseOf, normalTable } from './characters.ts';
import { dropSecondDots } from './code-points.ts';
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

/** The bits of an entry of `letterTable`, above the unit of the Latin letter that a letter looks like. */
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

const CAN_BE_ALL = Bit.canBeLatin | Bit.canBeCyrillic | Bit.canBeGreek;
/** The ranges of the units that have letters with lower case, or are composed. All others have the entry `CAN_BE_ALL`. */
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
let wordUnits = new Uint16Array(1024);

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
    const length = foldWord(textUnits, start, at, !hasDistinct);
    if (length === 0) continue;
    folded += text.slice(copied, start) + stringOf(wordUnits, 0, length);
    copied = at;
  }
  return copied === 0 ? text : folded + text.slice(copied);
}

/** Returns whether a lower-case code unit is a Latin letter. */
export function isLatinUnit(unit: number): boolean {
  return (letterTable[unit]! & Bit.latin) !== 0;
}

/**
 * Folds a word, which has a `lookalike` letter.
 *
 * @param isLatinText whether all `lookalike` letters of the text look like Latin letters, and it has Latin ones too.
 * @returns the length of the folded word, which `copyFoldedWord` copies, or 0 if the word stays as it is
 */
export function foldWord(units: Uint16Array, start: number, end: number, isLatinText: boolean): number {
  let [any, all, latinAll] = [0, -1, -1];
  let [firstLookalike, firstLatin, lastLatin] = [0, -1, -1];
  for (let at = start; at < end; at += 1) {
    const entry = letterTable[units[at]!]!;
    any |= entry;
    all &= entry;
    if ((entry & Bit.latin) !== 0) {
      if (firstLatin < 0) firstLatin = at;
      lastLatin = at;
      latinAll &= entry;
    } else if (firstLookalike === 0 && (entry & Bit.lookalike) !== 0) firstLookalike = entry;
  }
  const isSafe =
    firstLatin < 0
      ? (any & Bit.greek) === 0 || isLongGreek(units, start, end)
      : (any & Bit.greekName) === 0 || areNamesWithin(units, start, end, firstLatin, lastLatin);
  const canBeLatin = isSafe && (all & Bit.canBeLatin) !== 0;
  if (firstLatin < 0) return isLatinText && canBeLatin ? replaceLookalikes(units, start, end, any) : 0;
  const isGreek = (firstLookalike & Bit.greek) !== 0;
  const canBeOther = (latinAll & (isGreek ? Bit.canBeGreek : Bit.canBeCyrillic)) !== 0;
  if (canBeOther && !isLatinText) return replaceLatin(units, start, end, any, isGreek);
  return canBeLatin ? replaceLookalikes(units, start, end, any) : 0;
}

/** Copies the latest folded word to a position. */
export function copyFoldedWord(target: Uint16Array, position: number, length: number): void {
  for (let at = 0; at < length; at += 1) target[position + at] = wordUnits[at]!;
}

/** Returns whether all Greek names are between Latin letters: in "TNFα" and "αi" they are not, and stay. */
function areNamesWithin(units: Uint16Array, start: number, end: number, first: number, last: number): boolean {
  const isName = (unit: number) => (letterTable[unit]! & Bit.greekName) !== 0;
  return !units.subarray(start, first).some(isName) && !units.subarray(last, end).some(isName);
}

function isLongGreek(units: Uint16Array, start: number, end: number): boolean {
  return end - start >= MIN_GREEK_WORD || stringOf(units, start, end).normalize('NFD').length >= MIN_GREEK_WORD;
}

function replaceLookalikes(units: Uint16Array, start: number, end: number, bits: number): number {
  if ((bits & Bit.composed) !== 0) return replaceComposed(units, start, end, latinOf);
  reserveWord(end - start);
  for (let at = start; at < end; at += 1) {
    const entry = letterTable[units[at]!]!;
    wordUnits[at - start] = (entry & Bit.lookalike) === 0 ? units[at]! : entry & 0xffff;
  }
  return end - start;
}

function replaceLatin(units: Uint16Array, start: number, end: number, bits: number, isGreek: boolean): number {
  if ((bits & (Bit.composed | Bit.accented)) !== 0)
    return replaceComposed(units, start, end, isGreek ? greekOf : cyrillicOf);
  const letters = isGreek ? greekUnits : cyrillicUnits;
  reserveWord(end - start);
  for (let at = start; at < end; at += 1) {
    wordUnits[at - start] = isLatinUnit(units[at]!) ? letters[units[at]!]! : units[at]!;
  }
  return end - start;
}

/** Replaces the letters of a word that has marks: a letter with a mark becomes the other letter with the same mark. */
function replaceComposed(units: Uint16Array, start: number, end: number, letters: Letters): number {
  const replaced = composeLetters(stringOf(units, start, end), letters);
  reserveWord(replaced.length);
  for (let at = 0; at < replaced.length; at += 1) wordUnits[at] = replaced.charCodeAt(at);
  return replaced.length;
}

function composeLetters(text: string, letters: Letters): string {
  const characters = Array.from(text.normalize('NFD'), (character) => letters.get(character) ?? character);
  return dropSecondDots(characters.join('')).normalize('NFC');
}

function stringOf({ buffer, byteOffset }: Uint16Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start * 2, (end - start) * 2).toString('utf16le');
}

function reserveWord(length: number): void {
  if (length > wordUnits.length) wordUnits = new Uint16Array(length * 2);
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
  const table = new Uint32Array(65_536).fill(CAN_BE_ALL);
  for (const [first, end] of LETTER_RANGES)
    for (let unit = first; unit < end; unit += 1) table[unit] = describeLetter(unit);
  return table;
}

function describeLetter(unit: number): number {
  const form = normalTable[unit]!;
  const unitClass = characterClassOf(form);
  if (unitClass === unstable) return CAN_BE_ALL | Bit.composed;
  if ((unitClass !== word && unitClass !== lookalike) || lowerCaseOf(form) !== unit) return CAN_BE_ALL;
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
  if ((entry & Bit.lookalike) === 0) return entry;
  const latin = composeLetters(character, latinOf);
  return entry | (latin.length > 1 ? Bit.composed : latin.charCodeAt(0));
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
