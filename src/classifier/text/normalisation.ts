import {
  CharacterClass,
  characterClassOf,
  compositions,
  isMark,
  isMarkInPlace,
  isStablePair,
  lowerCaseOf,
  normalTable,
} from './characters.ts';
import { composeHangul, composeUnits, dropSecondDots, isCombining, normalFormOf } from './code-points.ts';
import { foldConfusables } from './confusables.ts';

/** A text as its reader sees it. */
export interface NormalisedText {
  readonly text: string;
  /** True if letters were hidden: by invisible characters within a word, or as look-alike letters of another script. */
  readonly isObfuscated: boolean;
}

const { highSurrogate, lookalike, unstable, word } = CharacterClass;

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
/** The parts of syllables of Hangul. */
const [MIN_HANGUL, MAX_HANGUL] = [0x1100, 0x11ff];

/** The form of each unstable unit that does not depend on its neighbours. */
const unitForms = collectUnitForms();
// Reading from an array takes half the time of reading from a string.
let source = new Uint16Array(4096);
let sourceBytes = Buffer.from(source.buffer);
let folded = new Uint16Array(4096);
let foldedBytes = Buffer.from(folded.buffer);

/**
 * Returns the normal form of a text: compatibility composition (NFKC), full case folding, no invisible characters, and no
 * look-alike letters of another script within a word. Texts that differ only in their Unicode normal form, in case, in width
 * or in invisible characters have the same normal form.
 */
export function normaliseText(original: string): NormalisedText {
  if (ASCII.test(original)) return { text: original.toLowerCase(), isObfuscated: false };
  const { text, isObfuscated } = foldText(original) ?? foldFully(original);
  const withoutLookalikes = foldConfusables(text);
  if (withoutLookalikes === text) return { text, isObfuscated };
  // A replaced letter can have rare marks behind it, which are no part of its word: surrogate pairs.
  return { text: dropSecondDots(withoutLookalikes).normalize('NFC'), isObfuscated: true };
}

/**
 * Returns the normal form of a text but for its look-alike letters, in one pass. Most texts need no more.
 *
 * @returns undefined if the form of a unit depends on more than the unit before it
 */
export function foldText(text: string): NormalisedText | undefined {
  return foldUnits(text) ?? foldUnits(text.normalize('NFKC'));
}

function foldUnits(text: string): NormalisedText | undefined {
  const { length } = text;
  reserve(length);
  sourceBytes.write(text, 'utf16le');
  // Reading a variable of the module in each round takes longer.
  const [table, units] = [normalTable, source];
  let target = folded;
  let isObfuscated = false;
  let used = 0;
  // The end of the latest form of several units. It may have lost a mark that sorts after the next one.
  let formEnd = 0;
  for (let at = 0; at < length; at += 1) {
    const unit = units[at]!;
    const entry = table[unit]!;
    const unitClass = characterClassOf(entry);
    if (unitClass < highSurrogate || unitClass === lookalike) {
      target[used] = lowerCaseOf(entry);
      used += 1;
    } else if (unitClass === highSurrogate) {
      at += 1;
      if (at === length || !isStablePair(unit, units[at]!)) return undefined;
      target[used] = unit;
      target[used + 1] = units[at]!;
      used += 2;
    } else if (unitClass === unstable) {
      const form = ownFormOf(unit, entry);
      if (form === undefined) {
        const joined = used === formEnd ? 0 : joinMark(target[used - 1]!, unit, entry);
        if (joined === 0) return undefined;
        if (joined === unit) used += 1;
        target[used - 1] = joined;
        continue;
      }
      if (form === '') {
        isObfuscated ||= hidesLettersAt(text, at);
        continue;
      }
      reserve(used + form.length + length - at);
      target = folded;
      for (let part = 0; part < form.length; part += 1) target[used + part] = form.charCodeAt(part);
      used += form.length;
      formEnd = used;
    } else {
      // Half of a surrogate pair.
      return undefined;
    }
  }
  return { text: foldedBytes.toString('utf16le', 0, used * 2), isObfuscated };
}

/** Returns the normal form of an `unstable` unit, or undefined if it depends on the units before it. */
export function ownFormOf(unit: number, entry: number): string | undefined {
  return isMark(entry) ? undefined : unitForms.get(unit);
}

/**
 * Joins a mark, or a part of a Hangul syllable, with the unit before it.
 *
 * @param before the unit before in its normal form, or 0 for a gap or the start of the text
 * @returns the unit that takes the place of both; the mark itself if it stays behind the unit; 0 if their normal form depends
 *   on more than the two
 */
export function joinMark(before: number, mark: number, entry: number): number {
  const composed =
    mark < MIN_HANGUL || mark > MAX_HANGUL ? composeUnits(compositions, before, mark) : composeHangul(before, mark);
  if (composed >= 0) return composed;
  const entryBefore = normalTable[before]!;
  const classBefore = characterClassOf(entryBefore);
  const isInWord = classBefore === word || classBefore === lookalike || isMark(entryBefore);
  return isInWord && isMark(entry) && isMarkInPlace(mark, before) ? mark : 0;
}

/** Makes room for a number of folded units, and for as many units to fold. */
function reserve(length: number): void {
  if (length <= folded.length) return;
  const larger = new Uint16Array(length * 2);
  larger.set(folded);
  folded = larger;
  foldedBytes = Buffer.from(folded.buffer);
  source = new Uint16Array(length * 2);
  sourceBytes = Buffer.from(source.buffer);
}

function foldFully(original: string): NormalisedText {
  let isObfuscated = false;
  const visible = original.toWellFormed().replace(IGNORABLES, (run: string, at: number, whole: string) => {
    isObfuscated ||= hidesLetters(run, at, whole);
    return '';
  });
  return { text: composeText(visible), isObfuscated };
}

function composeText(text: string): string {
  let composed = text.normalize('NFKC');
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    // Before the composition: some accented letters are one character in lower case only.
    const folded = dropSecondDots(foldEach(composed.toLowerCase().replace(LONG_FOLDINGS, normalFormOf)));
    if (folded === composed) break;
    composed = folded.normalize('NFKC');
  }
  return composed
    .replace(AM_PARTS, (parts) => AM[parts]!)
    .replace(LOOSE_MARKS, (marks) => {
      const characters = Array.from(marks);
      const kept = characters.findIndex((mark) => !isCombining(mark));
      return kept < 0 ? '' : characters.slice(kept).join('');
    });
}

/** Replaces each unit by the normal form that `normalTable` has for it. */
function foldEach(text: string): string {
  const units = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at += 1) units[at] = lowerCaseOf(normalTable[text.charCodeAt(at)]!);
  return Buffer.from(units.buffer).toString('utf16le');
}

function collectUnitForms(): ReadonlyMap<number, string> {
  const forms = new Map<number, string>();
  normalTable.forEach((entry, unit) => {
    const character = String.fromCharCode(unit);
    if (characterClassOf(entry) !== unstable || isCombining(character)) return;
    const form = normalFormOf(character);
    const isSimple = Array.from(form).every((part) => !isCombining(part) && part.length === 1);
    if (isSimple) forms.set(unit, form);
  });
  return forms;
}

/**
 * Returns whether a run of invisible characters hides letters. Only the first character of the run is asked about the run: a run of any
 * length is read twice and not more often.
 *
 * @param at the position of an invisible unit
 */
export function hidesLettersAt(text: string, at: number): boolean {
  if (at > 0 && isInvisible(text, at - 1)) return false;
  let end = at + 1;
  while (end < text.length && isInvisible(text, end)) end += 1;
  return hidesLetters(text.slice(at, end), at, text);
}

function isInvisible(text: string, at: number): boolean {
  return unitForms.get(text.charCodeAt(at)) === '';
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
