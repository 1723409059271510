import {
  CharacterClass,
  characterClassOf,
  isDistinct,
  lowerCaseOf,
  normalTable,
} from '../../../src/classifier/text/characters.ts';
import { dropSecondDots } from '../../../src/classifier/text/code-points.ts';
import { CONFUSABLE_LETTERS } from '../../../src/classifier/text/unicode-data.ts';

const LATIN = /^\p{Script=Latin}$/u;
const GREEK = /^\p{Script=Greek}$/u;

const latinOf = new Map(
  Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) =>
    Array.from(others, (other) => [other, latin] as const),
  ),
);
const lettersOf = { cyrillic: inAlphabet('а', 'ї'), greek: inAlphabet('α', 'ω') };

const classOf = (character: string) => characterClassOf(normalTable[character.charCodeAt(0)]!);
const isLookalike = (character: string) => character.length === 1 && classOf(character) === CharacterClass.lookalike;

/**
 * Replaces look-alike letters as `foldConfusables` does, by strings and regular expressions: each word is decomposed, so
 * that its letters and marks are apart, and composed at the end. It is slow, and says what the fast one must do.
 */
export function foldByStrings(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charAt(at));
  const lookalikes = units.filter(isLookalike);
  const hasLatin = units.some(
    (unit) =>
      classOf(unit) === CharacterClass.word &&
      LATIN.test(String.fromCharCode(lowerCaseOf(normalTable[unit.charCodeAt(0)]!))),
  );
  if (!hasLatin || lookalikes.length === 0) return text;
  const isLatinText = !lookalikes.some((unit) => isDistinct(normalTable[unit.charCodeAt(0)]!));
  let folded = '';
  let word = '';
  const endWord = () => {
    folded += Array.from(word).some(isLookalike) ? (foldWord(word, isLatinText) ?? word) : word;
    word = '';
  };
  for (const unit of units) {
    const unitClass = classOf(unit);
    if (
      unitClass === CharacterClass.lookalike ||
      unitClass === CharacterClass.word ||
      unitClass === CharacterClass.unstable
    )
      word += unit;
    else {
      endWord();
      folded += unit;
    }
  }
  endWord();
  return folded === text ? text : dropSecondDots(folded).normalize('NFC');
}

function foldWord(word: string, isLatinText: boolean): string | undefined {
  const characters = Array.from(word.normalize('NFD'));
  const lookalikes = characters.filter(isLookalike);
  const latin = characters.filter((character) => LATIN.test(character));
  const canBeLatin = lookalikes.every((character) => latinOf.has(character)) && isSafeGreek(characters, latin.length);
  if (latin.length === 0) return isLatinText && canBeLatin ? replaceLetters(characters, latinOf) : undefined;
  const others = GREEK.test(lookalikes[0]!) ? lettersOf.greek : lettersOf.cyrillic;
  const canBeOther = !isLatinText && latin.every((character) => others.has(character));
  if (canBeLatin && !canBeOther) return replaceLetters(characters, latinOf);
  return canBeOther ? replaceLetters(characters, others) : undefined;
}

function isSafeGreek(characters: readonly string[], latinCount: number): boolean {
  if (latinCount === 0) return !characters.some((character) => GREEK.test(character)) || characters.length >= 3;
  const first = characters.findIndex((character) => LATIN.test(character));
  const last = characters.findLastIndex((character) => LATIN.test(character));
  return characters.every((character, at) => !GREEK.test(character) || character === 'ο' || (at > first && at < last));
}

function replaceLetters(characters: readonly string[], letters: ReadonlyMap<string, string>): string {
  return characters.map((character) => letters.get(character) ?? character).join('');
}

function inAlphabet(first: string, last: string): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(CONFUSABLE_LETTERS).flatMap(([latin, others]) => {
      const letter = Array.from(others).find((other) => other >= first && other <= last);
      return letter === undefined ? [] : [[latin, letter] as const];
    }),
  );
}
