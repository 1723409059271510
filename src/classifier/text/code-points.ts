const IGNORABLE = /^\p{Default_Ignorable_Code_Point}$/u;
const IGNORABLES = /\p{Default_Ignorable_Code_Point}/gu;
const MARK = /^\p{M}$/u;
/** The maximum number of rounds until a normal form does not change. Two are enough for Unicode 17. */
const MAX_ROUNDS = 4;

/** Marks of the two lowest combining classes that reorder with other marks (1 and 8). */
const LOW_MARK = '\u0334';
const KANA_MARK = '\u3099';

const DOT_ABOVE = '\u0307';
const SECOND_DOT = /(?<=[ij\u0456\u0458]\p{M}*)\u0307/gu;

/** Vowels and final consonants of Hangul, which join the letter before them into one syllable. */
const HANGUL_JAMO = /^[\u1161-\u1175\u11a8-\u11c2]$/;
/** Vowel signs of the combining class 0 that join the sign before or after them into one. */
const COMPOSING_SIGNS =
  /^[\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u0e4d\u0ecd\u102e\u1b35]$/;

/** Punctuation that differs from ASCII by language or by typesetting only, under the sign that stands for it. */
const PUNCTUATION: Readonly<Record<string, string>> = {
  "'": '\u2018\u2019\u201a\u201b\u2032\u2035\u02bc',
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

/** Returns whether a character shows nothing by itself, as a zero width space or a variation selector. */
export function isIgnorable(character: string): boolean {
  return IGNORABLE.test(character);
}

/**
 * Returns whether the normal form of a character depends on the characters before it: marks that reorder or join, and
 * parts of a Hangul syllable.
 */
export function isCombining(character: string): boolean {
  if (HANGUL_JAMO.test(character) || COMPOSING_SIGNS.test(character)) return true;
  if (!MARK.test(character)) return false;
  return !isOrdered(`a${character}${LOW_MARK}`) || !isOrdered(`a${KANA_MARK}${character}`);
}

function isOrdered(decomposed: string): boolean {
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
