import { CharacterClass, characterClassOf, isStablePair, lowerCaseOf, normalTable } from './characters.ts';
import { dropSecondDots, isCombining, normalFormOf } from './code-points.ts';
import { foldConfusables } from './confusables.ts';

/** A text as its reader sees it. */
export interface NormalisedText {
  readonly text: string;
  /** True if letters were hidden: by invisible characters within a word, or as look-alike letters of another script. */
  readonly isObfuscated: boolean;
}

const { highSurrogate, lowSurrogate, unstable } = CharacterClass;

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII.
const ASCII = /^[\u0000-\u007f]*$/;
const IGNORABLES = /\p{Default_Ignorable_Code_Point}+/gu;
const WORD = /^[\p{L}\p{N}]$/u;
const LETTERS = /^[\p{L}\p{M}]{2}$/u;
/** Letters of scripts that use invisible characters: joiners, breaks between words, selectors of shapes, fillers. */
const JOINING =
  /^[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{M}]$/u;
const SOFT_HYPHENS = /^\u00ad+$/;
/** The fewest letters on each side of a hyphen that a typesetter sets. */
const MIN_HYPHENATED = 2;
/** Tags spell invisible text in ASCII. After a black flag they spell a region. */
const TAGS = /[\u{e0020}-\u{e007e}]/u;
const FLAG = '\u{1f3f4}';
/** Lower-case characters that NFKC keeps, and whose case folding has several characters, or makes a letter of a mark. */
const LONG_FOLDINGS =
  /\u0345|[\u00df\u1f80-\u1f87\u1f90-\u1f97\u1fa0-\u1fa7\u1fb2-\u1fb4\u1fb7\u1fc2-\u1fc4\u1fc7\u1ff2-\u1ff4\u1ff7]/g;
/** The vowel am of Thai and Lao, which NFKC takes apart. Dictionaries have the whole vowel. */
const AM_PARTS = /\u0e4d\u0e32|\u0ecd\u0eb2/g;
const AM: Readonly<Record<string, string>> = { '\u0e4d\u0e32': '\u0e33', '\u0ecd\u0eb2': '\u0eb3' };
/** Marks without a letter. NFKC makes them of accents by themselves, such as "´". */
const LOOSE_MARKS = /(?<![\p{L}\p{N}\p{M}_])\p{M}+/gu;
const MAX_ROUNDS = 3;

/**
 * Returns the normal form of a text: compatibility composition (NFKC), full case folding, no invisible characters, and no
 * look-alike letters of another script within a word. Texts that differ only in their Unicode normal form, in case, in width
 * or in invisible characters have the same normal form.
 */
export function normaliseText(original: string): NormalisedText {
  if (ASCII.test(original)) return { text: original.toLowerCase(), isObfuscated: false };
  let text = original;
  let isObfuscated = false;
  if (isUnstable(original)) {
    text = text.toWellFormed().replace(IGNORABLES, (run: string, at: number, whole: string) => {
      isObfuscated ||= hidesLetters(run, at, whole);
      return '';
    });
    text = composeText(text);
  } else {
    text = foldUnits(text);
  }
  const folded = foldConfusables(text);
  if (folded === text) return { text, isObfuscated };
  return { text: dropSecondDots(folded).normalize('NFC'), isObfuscated: true };
}

function isUnstable(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unitClass = characterClassOf(normalTable[text.charCodeAt(at)]!);
    if (unitClass === unstable || unitClass === lowSurrogate) return true;
    if (unitClass === highSurrogate) {
      if (!isStablePair(text.charCodeAt(at), text.charCodeAt(at + 1))) return true;
      at += 1;
    }
  }
  return false;
}

function composeText(text: string): string {
  let composed = text.normalize('NFKC');
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // Before the composition: some accented letters are one character in lower case only.
    const folded = dropSecondDots(foldUnits(composed.toLowerCase().replace(LONG_FOLDINGS, normalFormOf)));
    if (folded === composed) break;
    composed = folded.normalize('NFKC');
  }
  return composed
    .replace(AM_PARTS, (parts) => AM[parts]!)
    .replace(LOOSE_MARKS, (marks) => Array.from(marks, (mark) => (isCombining(mark) ? '' : mark)).join(''));
}

/** Replaces each unit by the normal form that `normalTable` has for it. */
function foldUnits(text: string): string {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) units[at] = lowerCaseOf(normalTable[text.charCodeAt(at)]!);
  return Buffer.from(units.buffer).toString('utf16le');
}

/** Returns whether invisible characters stand between two letters that belong together, or spell a text of their own. */
function hidesLetters(run: string, at: number, text: string): boolean {
  if (TAGS.test(run) && !text.slice(0, at).endsWith(FLAG)) return true;
  const end = at + run.length;
  const [before, after] = [text.charAt(at - 1), text.charAt(end)];
  if (!WORD.test(before) || !WORD.test(after)) return false;
  if (SOFT_HYPHENS.test(run)) {
    const isHyphenation =
      LETTERS.test(text.slice(Math.max(0, at - MIN_HYPHENATED), at)) &&
      LETTERS.test(text.slice(end, end + MIN_HYPHENATED));
    return !isHyphenation;
  }
  return !JOINING.test(before) && !JOINING.test(after);
}
