import { CharacterClass, characterClassOf, isDistinct, lowerCaseOf, normalTable } from './characters.ts';
import { CONFUSABLE_LETTERS } from './unicode-data.ts';

const LATIN = /^\p{Script=Latin}$/u;
const GREEK = /^\p{Script=Greek}$/u;
/** The fewest letters of a Greek word that counts as Latin: single Greek letters are common in formulas. */
const MIN_GREEK_WORD = 3;
const OMICRON = 'ο';

/** The Latin letter of each letter that looks like it. */
const latinOf = new Map(
  Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) =>
    Array.from(others, (other) => [other, latin] as const),
  ),
);
/** The letters of Cyrillic and Greek alphabets that Latin letters look like. */
const lettersOf = { cyrillic: inAlphabet('а', 'ї'), greek: inAlphabet('α', 'ω') };

/**
 * Replaces letters that look like those of another script, where it is safe: within a word that mixes the scripts, if
 * all letters of one script have a letter of the other one that looks like them. In a Latin text without any other letter
 * of the second script, a whole word that looks Latin is replaced too. Words of one script stay as they are in a text
 * that has both scripts.
 *
 * @param text a text in NFKC
 * @returns the same string if there is nothing to replace; other strings may have to be composed again
 */
export function foldConfusables(text: string): string {
  const { hasLatin, hasLookalikes, hasDistinct } = scriptsOf(text);
  if (!hasLatin || !hasLookalikes) return text;
  let folded = '';
  let copied = 0;
  for (let at = 0; at < text.length; at += 1) {
    const start = at;
    let hasLookalike = false;
    for (; at < text.length; at += 1) {
      const unitClass = characterClassOf(normalTable[text.charCodeAt(at)]!);
      if (unitClass === CharacterClass.lookalike) hasLookalike = true;
      else if (unitClass !== CharacterClass.word && unitClass !== CharacterClass.unstable) break;
    }
    if (!hasLookalike) continue;
    const word = foldWord(text.slice(start, at), !hasDistinct);
    if (word === undefined) continue;
    folded += text.slice(copied, start) + word;
    copied = at;
  }
  return copied === 0 ? text : folded + text.slice(copied);
}

function scriptsOf(text: string): { hasLatin: boolean; hasLookalikes: boolean; hasDistinct: boolean } {
  let hasLatin = false;
  let hasLookalikes = false;
  let hasDistinct = false;
  for (let at = 0; at < text.length; at += 1) {
    const entry = normalTable[text.charCodeAt(at)]!;
    const unitClass = characterClassOf(entry);
    if (unitClass === CharacterClass.lookalike) {
      hasLookalikes = true;
      if (isDistinct(entry)) hasDistinct = true;
    } else if (!hasLatin && unitClass === CharacterClass.word) hasLatin = isLatinUnit(lowerCaseOf(entry));
  }
  return { hasLatin, hasLookalikes, hasDistinct };
}

/** Returns whether a lower-case code unit is a Latin letter. */
export function isLatinUnit(unit: number): boolean {
  return unit < 0x80 ? unit >= 0x61 && unit <= 0x7a : LATIN.test(String.fromCharCode(unit));
}

/** Returns a word in one script, or undefined if it stays as it is. */
function foldWord(word: string, isLatinText: boolean): string | undefined {
  // Marks stay, so that a letter with a mark becomes the other script's letter with the same mark.
  const characters = Array.from(word.normalize('NFD'), (character) => normalFormOf(character));
  const lookalikes = characters.filter((character) => isLookalike(character));
  const latin = characters.filter((character) => LATIN.test(character));
  const canBeLatin = lookalikes.every((character) => latinOf.has(character)) && isSafeGreek(characters, latin.length);
  if (latin.length === 0) return isLatinText && canBeLatin ? replaceLetters(characters, latinOf) : undefined;
  const others = GREEK.test(lookalikes[0]!) ? lettersOf.greek : lettersOf.cyrillic;
  const canBeOther = !isLatinText && latin.every((character) => others.has(character));
  if (canBeLatin && !canBeOther) return replaceLetters(characters, latinOf);
  return canBeOther ? replaceLetters(characters, others) : undefined;
}

/** Returns whether the Greek letters of a word can be Latin ones: in "TNFα" and "αi" they are names of their own. */
function isSafeGreek(characters: readonly string[], latinCount: number): boolean {
  if (latinCount === 0)
    return !characters.some((character) => GREEK.test(character)) || characters.length >= MIN_GREEK_WORD;
  const first = characters.findIndex((character) => LATIN.test(character));
  const last = characters.findLastIndex((character) => LATIN.test(character));
  return characters.every(
    (character, at) => !GREEK.test(character) || character === OMICRON || (at > first && at < last),
  );
}

function replaceLetters(characters: readonly string[], letters: ReadonlyMap<string, string>): string {
  return characters.map((character) => letters.get(character) ?? character).join('');
}

function isLookalike(character: string): boolean {
  return character.length === 1 && characterClassOf(normalTable[character.charCodeAt(0)]!) === CharacterClass.lookalike;
}

function normalFormOf(character: string): string {
  return character.length === 1 ? String.fromCharCode(lowerCaseOf(normalTable[character.charCodeAt(0)]!)) : character;
}

function inAlphabet(first: string, last: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) => {
      const letter = Array.from(others).find((other) => other >= first && other <= last);
      return letter === undefined ? [] : [[latin, letter] as const];
    }),
  );
}
