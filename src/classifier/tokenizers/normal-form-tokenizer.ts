import { CharacterClass, characterClassOf, isStablePair, lowerCaseOf, settledTable } from '../text/characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash, removeUnit } from '../text/hashing.ts';
import { hidesLettersAt, joinMark, normaliseText, ownFormOf } from '../text/normalisation.ts';
import { resetTokens, type TokenBuffer, TokenKind } from '../text/token-buffer.ts';
import { addSuspect, clearSuspects, foldSuspects, LetterBit, lettersOf, readingTable } from './lookalike-words.ts';
import { tokenizeBy } from './unicode-tokenizer.ts';

const { gap, sign, ideograph, highSurrogate, lowSurrogate, unstable } = CharacterClass;
const lookalikeBit = LetterBit.lookalike;
const inWordBits = LetterBit.word | LetterBit.lookalike;
const distinctBit = LetterBit.distinct;

/** The room for longer normal forms in a text, beside a share of its length. Texts that need more are read again. */
const MIN_GROWTH = 64;
const GROWTH_SHIFT = 3;

/** The results of `readText`, and of `foldUnit` where it returns no unit. */
const DONE = 0;
/** The form of a unit depends on more than the unit before it. */
const DEPENDENT = -1;
/** Rare: a mark joins a sign, or the normal form of the text is much longer. */
const UNUSUAL = -2;

/** The state of the text that is read, beside the local variables of the loop. Texts are read one at a time. */
const reading = {
  text: '',
  /** The units of the tokens, and after them those that are not read yet. */
  units: new Uint16Array(0) as Uint16Array,
  /** The position in `units` of the first unit of the text. */
  first: 0,
  /** The position in `units` from which on to read after `foldUnit`. */
  next: 0,
  /** The end of the latest form of several units. It may have lost a mark that sorts after the next one. */
  formEnd: 0,
  /** True after the first unit that is not its own normal form. */
  isFolded: false,
  hidesLetters: false,
};

/**
 * Finds the words of the normal form of a text, as `tokenizeRaw` does. One pass finds both the normal form and the words.
 * Look-alike letters are replaced in the tokens, after the pass.
 */
export function tokenizeNormalised(text: string, buffer: TokenBuffer): void {
  let result = readText(text, false, buffer);
  if (result === DEPENDENT) result = readText(text.normalize('NFKC'), true, buffer);
  if (result === DONE) return;
  const { text: normalised, isObfuscated } = normaliseText(text);
  tokenizeBy(settledTable, normalised, buffer);
  buffer.isObfuscated = isObfuscated;
}

/**
 * Finds the tokens of a text. It does not find the normal form of half of a surrogate pair in a text with other normal forms.
 *
 * @param isFolded whether the text was changed before
 * @returns `DONE`, `DEPENDENT` or `UNUSUAL`
 */
function readText(text: string, isFolded: boolean, buffer: TokenBuffer): number {
  startReading(text, isFolded, buffer);
  const table = readingTable;
  const { units, starts, ends, hashes, kinds } = buffer;
  let at = reading.first;
  const end = at + text.length;
  // The position of the next unit of the normal form. It is before `at`.
  let to = 0;
  let { count, wordCount } = buffer;
  // The entries of the words with look-alike letters, joined by OR.
  let scripts = 0;
  while (at < end) {
    const start = to;
    const entry = table[units[at]!]!;
    const unitClass = characterClassOf(entry);
    if (unitClass === unstable) {
      const isBehindToken = count > 0 && ends[count - 1] === to;
      const folded = foldUnit(at, to, isBehindToken ? units[to - 1]! : 0);
      if (folded < 0) return folded;
      at = reading.next;
      if (folded === 0) continue;
      if (kinds[count - 1] !== TokenKind.ideograph) return UNUSUAL;
      units[to - 1] = folded;
      hashes[count - 1] = finishHash(addUnit(FNV_OFFSET_BASIS, folded));
      continue;
    }
    at += 1;
    to += 1;
    if (unitClass === gap) continue;
    const unit = lowerCaseOf(entry);
    units[start] = unit;
    let hash = addUnit(FNV_OFFSET_BASIS, unit);
    let kind: number = TokenKind.ideograph;
    const classBit = entry & inWordBits;
    if (classBit !== 0) {
      kind = TokenKind.word;
      // Most words have letters of one class only: each needs one test, and the word no other look.
      let next = table[units[at]!]!;
      while ((next & classBit) !== 0) {
        const lower = lowerCaseOf(next);
        units[to] = lower;
        hash = addUnit(hash, lower);
        at += 1;
        to += 1;
        next = table[units[at]!]!;
      }
      const isEnd = (next & inWordBits) === 0 && characterClassOf(next) !== unstable;
      if (!isEnd || (classBit === lookalikeBit && (scripts & distinctBit) === 0)) {
        for (;;) {
          next = table[units[at]!]!;
          while ((next & inWordBits) !== 0) {
            const lower = lowerCaseOf(next);
            units[to] = lower;
            hash = addUnit(hash, lower);
            at += 1;
            to += 1;
            next = table[units[at]!]!;
          }
          if (characterClassOf(next) !== unstable) break;
          const before = units[to - 1]!;
          const folded = foldUnit(at, to, before);
          if (folded < 0) return folded;
          if (folded > 0) {
            // The unit that a mark joins gives way to both in one.
            if (folded !== units[at]) {
              to -= 1;
              hash = removeUnit(hash, before);
            }
            units[to] = folded;
            hash = addUnit(hash, folded);
            to += 1;
          }
          at = reading.next;
        }
        const letters = lettersOf(units, start, to);
        scripts |= letters;
        addSuspect(count, letters, scripts);
      }
    } else if (unitClass === sign) {
      kind = TokenKind.sign;
      for (;;) {
        while (lowerCaseOf(table[units[at]!]!) === unit) {
          units[to] = unit;
          hash = addUnit(hash, unit);
          at += 1;
          to += 1;
        }
        if (characterClassOf(table[units[at]!]!) !== unstable) break;
        const folded = foldUnit(at, to, unit);
        if (folded !== 0) return folded < 0 ? folded : UNUSUAL;
        at = reading.next;
      }
    } else if (unitClass === highSurrogate && characterClassOf(table[units[at]!]!) === lowSurrogate) {
      const low = units[at]!;
      if (!isStablePair(unit, low)) return DEPENDENT;
      units[to] = low;
      hash = addUnit(hash, low);
      at += 1;
      to += 1;
    } else if (unitClass !== ideograph) {
      // Half of a surrogate pair is not a character.
      if (reading.isFolded) return DEPENDENT;
      continue;
    }
    starts[count] = start;
    ends[count] = to;
    kinds[count] = kind;
    hashes[count] = finishHash(hash);
    count += 1;
    if (kind !== TokenKind.sign) wordCount += 1;
  }
  buffer.count = count;
  buffer.wordCount = wordCount;
  const foldedWords = foldSuspects(buffer, scripts);
  buffer.isObfuscated = reading.hidesLetters || foldedWords > 0;
  return foldedWords < 0 ? UNUSUAL : DONE;
}

/** Copies the units of a text into the buffer, behind the room by which its normal form can be longer. */
function startReading(text: string, isFolded: boolean, buffer: TokenBuffer): void {
  const first = MIN_GROWTH + (text.length >> GROWTH_SHIFT);
  resetTokens(buffer, first + text.length);
  buffer.unitBytes.write(text, first * 2, 'utf16le');
  // A gap after the text ends its last token.
  buffer.units[first + text.length] = 0;
  reading.text = text;
  reading.units = buffer.units;
  reading.first = first;
  reading.formEnd = 0;
  reading.isFolded = isFolded;
  reading.hidesLetters = false;
  clearSuspects();
}

/**
 * Finds the normal form of an unstable unit. A form that does not depend on the unit before takes the place of the unit in the
 * text, so that it is read next. `reading.next` is its position, or that of the next unit.
 *
 * @param at the position of the unit
 * @param to the position of its normal form
 * @param before the unit before its normal form, or 0 if no token ends there
 * @returns the unit that takes the place of the unit before and the mark, the mark itself if it stays behind the unit, 0 if the
 *   form is to be read, or `DEPENDENT` or `UNUSUAL`
 */
function foldUnit(at: number, to: number, before: number): number {
  const { units } = reading;
  const unit = units[at]!;
  const entry = readingTable[unit]!;
  const form = ownFormOf(unit, entry);
  reading.next = at + 1;
  if (form === undefined) {
    const joined = to === reading.formEnd ? 0 : joinMark(before, unit, entry);
    if (joined !== unit) reading.isFolded = true;
    return joined === 0 ? DEPENDENT : joined;
  }
  reading.isFolded = true;
  if (form === '') {
    reading.hidesLetters ||= hidesLettersAt(reading.text, at - reading.first);
    return 0;
  }
  reading.next -= form.length;
  if (reading.next < to) return UNUSUAL;
  for (let part = 0; part < form.length; part += 1) units[reading.next + part] = form.charCodeAt(part);
  reading.formEnd = to + form.length;
  return 0;
}
