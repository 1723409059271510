import { addHash, createHashIndex, findHash, type HashIndex } from './hash-index.ts';
import { finishHash } from './hashing.ts';

const IGNORABLES = /\p{Default_Ignorable_Code_Point}/gu;
const MARK = /^\p{M}$/u;
/** The maximum number of rounds until a normal form does not change. Two are enough for Unicode 17. */
const MAX_ROUNDS = 4;

/** Marks of the two lowest combining classes that reorder with other marks (1 and 8). */
const LOW_MARK = '\u0334';
const KANA_MARK = '\u3099';

export const DOT_ABOVE = '\u0307';
const DOTTED_LETTERS = 'ij\u0456\u0458';
const SECOND_DOT = new RegExp(`(?<=[${DOTTED_LETTERS}]\\p{M}*)${DOT_ABOVE}`, 'gu');

/** Vowels and final consonants of Hangul, which join the letter before them into one syllable. */
const HANGUL_JAMO = /^[\u1161-\u1175\u11a8-\u11c2]$/;
/** Vowel signs of the combining class 0 that join the sign before or after them into one. */
export const COMPOSING_SIGNS =
  /^[\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u0e4d\u0ecd\u102e\u1b35]$/;

/** Punctuation that differs from ASCII by language or by typesetting only, under the sign that stands for it. */
const PUNCTUATION: Readonly<Record<string, string>> = {
  "'": '\u2018\u2019\u201a\u201b\u2032\u2035',
  '"': '\u00ab\u00bb\u201c\u201d\u201e\u201f\u301d\u301e\u301f',
  '-': '\u2010\u2012\u2013\u2014\u2015\u2212',
  ',': '\u3001\u060c',
  '.': '\u3002\u06d4',
  '?': '\u061f\u00bf',
  '!': '\u00a1',
  ';': '\u061b',
  // The replacement character stands for bytes that could not be decoded, and half of a surrogate pair for nothing.
  ' ': '\ufffd',
};
const asciiPunctuation = new Map(
  Object.entries(PUNCTUATION).flatMap(([ascii, others]) => Array.from(others, (other) => [other, ascii] as const)),
);

/**
 * Returns whether the normal form of a character depends on the characters before it: marks that reorder or join, and
 * parts of a Hangul syllable.
 */
export function isCombining(character: string): boolean {
  if (HANGUL_JAMO.test(character) || COMPOSING_SIGNS.test(character)) return true;
  if (!MARK.test(character)) return false;
  return isSorted(character);
}

/** Returns whether normal forms sort a mark among the marks of a letter. */
export function isSorted(mark: string): boolean {
  const first = mark.normalize('NFD').charAt(0);
  return !isOrdered(`a${first}${LOW_MARK}`) || !isOrdered(`a${KANA_MARK}${first}`);
}

/** Returns whether a decomposed text is in the order of normal forms. */
export function isOrdered(decomposed: string): boolean {
  return decomposed.normalize('NFD') === decomposed;
}

/**
 * Returns the normal form of a character by itself: compatibility composition (NFKC), full case folding, no ignorable
 * characters, and ASCII punctuation. Case folding is closed: all case variants of a character have the same normal form,
 * also those that differ in length ("ß", "SS") and the dotless i.
 */
export function normalFormOf(character: string): string {
  let form = character;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = foldCharacters(form.normalize('NFKC')).replace(IGNORABLES, '').normalize('NFKC');
    if (next === form) break;
    form = next;
  }
  return form;
}

function foldCharacters(text: string): string {
  let folded = '';
  // Character by character: the lower case of a Greek sigma depends on its neighbours.
  for (const character of text) {
    for (const upper of character.toLowerCase().toUpperCase()) {
      const lower = upper.toLowerCase();
      folded += asciiPunctuation.get(lower) ?? lower;
    }
  }
  return dropSecondDots(folded);
}

/**
 * Removes dots above letters that have a dot of their own, where they are not visible. The lower case of the Turkish İ has
 * both. The result may have to be composed again.
 */
export function dropSecondDots(text: string): string {
  return text.includes(DOT_ABOVE) ? text.normalize('NFD').replace(SECOND_DOT, '') : text;
}

/** The letters that a lower-case letter and a mark compose. */
export interface Compositions {
  /** The numbers of the pairs of a mark and a letter, under `pairKey`. */
  readonly pairs: HashIndex;
  /** The unit of the composed letter of each pair. It is 0 if the normal form of the pair is not that letter. */
  readonly composed: readonly number[];
  /** The units of the marks that join a letter. */
  readonly marks: ReadonlySet<number>;
}

/** Returns the letter and the mark that compose a character; undefined if there are no such two units. */
export function splitComposed(character: string): [letter: string, mark: string] | undefined {
  const parts = character.normalize('NFD');
  if (parts === character || parts.normalize('NFC') !== character) return undefined;
  const letter = parts.slice(0, -1).normalize('NFC');
  return letter.length === 1 ? [letter, parts.at(-1)!] : undefined;
}

/** Creates the compositions from the composed letters, each with whether it is its own normal form. */
export function createCompositions(letters: Iterable<readonly [unit: number, isOwnForm: boolean]>): Compositions {
  const pairs = createHashIndex();
  const composed: number[] = [];
  const marks = new Set<number>();
  const add = (letter: string, mark: string, unit: number) => {
    composed[addHash(pairs, pairKey(letter.charCodeAt(0), mark.charCodeAt(0)))] = unit;
    marks.add(mark.charCodeAt(0));
  };
  for (const [unit, isOwnForm] of letters) {
    const parts = splitComposed(String.fromCharCode(unit));
    if (parts) add(...parts, isOwnForm ? unit : 0);
  }
  // They have a dot of their own: see `dropSecondDots`.
  for (const letter of DOTTED_LETTERS) add(letter, DOT_ABOVE, letter.charCodeAt(0));
  return { pairs, composed, marks };
}

/** Returns the unit that a letter and a mark compose: 0 if their normal form is something else, -1 if they do not join. */
export function composeUnits({ pairs, composed }: Compositions, letter: number, mark: number): number {
  const pair = findHash(pairs, pairKey(letter, mark));
  return pair < 0 ? -1 : composed[pair]!;
}

function pairKey(letter: number, mark: number): number {
  return finishHash((mark << 16) | letter);
}

const FIRST_SYLLABLE = 0xac00;
const [FIRST_LEADING, LEADING_COUNT] = [0x1100, 19];
const [FIRST_VOWEL, VOWEL_COUNT] = [0x1161, 21];
/** The unit before the first final consonant, and the number of finals, counting that there is none. */
const [NO_FINAL, FINAL_COUNT] = [0x11a7, 28];

/** Returns the syllable that two units of Hangul compose, or -1. */
export function composeHangul(first: number, second: number): number {
  const vowel = second - FIRST_VOWEL;
  if (vowel >= 0 && vowel < VOWEL_COUNT) {
    const leading = first - FIRST_LEADING;
    if (leading < 0 || leading >= LEADING_COUNT) return -1;
    return FIRST_SYLLABLE + (leading * VOWEL_COUNT + vowel) * FINAL_COUNT;
  }
  const final = second - NO_FINAL;
  const syllable = first - FIRST_SYLLABLE;
  const isOpen = syllable >= 0 && syllable < LEADING_COUNT * VOWEL_COUNT * FINAL_COUNT && syllable % FINAL_COUNT === 0;
  return final > 0 && final < FINAL_COUNT && isOpen ? first + final : -1;
}
