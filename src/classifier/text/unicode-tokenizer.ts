import {
  CharacterClass,
  type CharacterTable,
  characterClassOf,
  foldedTable,
  isDistinct,
  isMark,
  isMarkInPlace,
  isStablePair,
  lowerCaseOf,
  normalTable,
  rawTable,
  settledTable,
} from './characters.ts';
import { isLatinUnit } from './confusables.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from './hashing.ts';
import { copyFolded, foldText, normaliseText } from './normalisation.ts';
import { resetTokens, type TokenBuffer, TokenKind } from './token-buffer.ts';

const { gap, word, sign, ideograph, highSurrogate, lowSurrogate, lookalike, unstable } = CharacterClass;

/**
 * Finds the words of any script in one pass over the code units, without a string for each word. On ASCII text the
 * words are those of natural's `WordTokenizer`. Beyond ASCII, letters of every alphabet join into words, and each
 * ideograph, kana and emoji is one word. A run of one sign ("!!!", "$") is a token, but not a word.
 *
 * The text is not normalised: artefacts of format 1 were trained in this way.
 */
export function tokenizeRaw(text: string, buffer: TokenBuffer): void {
  loadText(text, buffer);
  tokenizeUnits(rawTable, 0, text.length, buffer);
}

/**
 * Finds the words of the normal form of a text, as `tokenizeRaw` does. Most texts are their own normal form: the pass over
 * the units finds out, so that they cost no other pass. Others are folded from the first word that has another form.
 */
export function tokenizeNormalised(text: string, buffer: TokenBuffer): void {
  loadText(text, buffer);
  const stop = tokenizeUnits(normalTable, 0, text.length, buffer);
  if (stop === text.length) return;
  const folded = stop === NEEDS_SCRIPTS ? undefined : foldText(text, stop);
  const end = folded ? folded.from + folded.length : 0;
  if (folded && end < buffer.units.length && end <= buffer.starts.length) {
    if (folded.from === 0) clearTokens(buffer);
    copyFolded(buffer.units, folded);
    if (tokenizeUnits(foldedTable, folded.from, end, buffer) === end) {
      buffer.isObfuscated = folded.isObfuscated;
      return;
    }
  }
  const { text: normalised, isObfuscated } = normaliseText(text);
  loadText(normalised, buffer);
  tokenizeUnits(settledTable, 0, normalised.length, buffer);
  buffer.isObfuscated = isObfuscated;
}

function loadText(text: string, buffer: TokenBuffer): void {
  resetTokens(buffer, text.length);
  // V8 checks the representation of a string at each unit it reads: reading from an array takes half the time.
  buffer.unitBytes.write(text, 'utf16le');
}

/** The result of `tokenizeUnits` for units whose look-alike letters may have to be replaced. */
const NEEDS_SCRIPTS = -1;

/**
 * Finds the tokens of the units of the buffer from one position to another, and appends them.
 *
 * @returns `end`, or the start of the first token that may have another form, or `NEEDS_SCRIPTS`, after which the buffer is
 *   not usable. Only `normalTable` and `foldedTable` tell, the latter by look-alike letters alone.
 */
function tokenizeUnits(table: CharacterTable, from: number, end: number, buffer: TokenBuffer): number {
  const { units, starts, ends, hashes, kinds } = buffer;
  // A gap after the text ends its last token.
  units[end] = 0;
  let { count, wordCount } = buffer;
  let hasLookalikes = false;
  let hasDistinct = false;
  let at = from;
  while (at < end) {
    const start = at;
    const entry = table[units[at]!]!;
    const unitClass = characterClassOf(entry);
    at += 1;
    if (unitClass === gap) continue;
    const unit = lowerCaseOf(entry);
    units[start] = unit;
    let hash = addUnit(FNV_OFFSET_BASIS, unit);
    let kind: number = TokenKind.ideograph;
    if (unitClass === word || unitClass === lookalike) {
      kind = TokenKind.word;
      let next = entry;
      if (unitClass === word) {
        for (;;) {
          next = table[units[at]!]!;
          if (characterClassOf(next) !== word && !(isMark(next) && isMarkInPlace(units[at]!, units[at - 1]!))) break;
          const lower = lowerCaseOf(next);
          units[at] = lower;
          hash = addUnit(hash, lower);
          at += 1;
        }
      }
      if (characterClassOf(next) === lookalike) {
        hasLookalikes = true;
        if (unitClass === lookalike && isDistinct(entry)) hasDistinct = true;
        let hasLatin = unitClass === word && units.subarray(start, at).some(isLatinUnit);
        for (;;) {
          next = table[units[at]!]!;
          const nextClass = characterClassOf(next);
          if (nextClass === lookalike) {
            if (isDistinct(next)) hasDistinct = true;
          } else if (nextClass !== word && !(isMark(next) && isMarkInPlace(units[at]!, units[at - 1]!))) break;
          const lower = lowerCaseOf(next);
          if (nextClass === word) hasLatin ||= isLatinUnit(lower);
          units[at] = lower;
          hash = addUnit(hash, lower);
          at += 1;
        }
        // A word of two scripts.
        if (hasLatin) return NEEDS_SCRIPTS;
      }
    } else if (unitClass === sign) {
      kind = TokenKind.sign;
      while (lowerCaseOf(table[units[at]!]!) === unit) {
        units[at] = unit;
        hash = addUnit(hash, unit);
        at += 1;
      }
    } else if (unitClass === highSurrogate && characterClassOf(table[units[at]!]!) === lowSurrogate) {
      if (table === normalTable && !isStablePair(units[start]!, units[at]!)) return stopAt(start);
      hash = addUnit(hash, units[at]!);
      at += 1;
    } else if (unitClass === unstable) {
      return stopAt(start);
    } else if (unitClass !== ideograph) {
      // Half of a surrogate pair is not a character.
      continue;
    }
    // The same as `pushToken`, with the arrays in local variables: a call for each token takes a tenth more time.
    starts[count] = start;
    ends[count] = at;
    kinds[count] = kind;
    hashes[count] = finishHash(hash);
    count += 1;
    if (kind !== TokenKind.sign) wordCount += 1;
  }
  buffer.count = count;
  buffer.wordCount = wordCount;
  // Words of letters that all look Latin, such as the Cyrillic "сор", without a word that is certainly of their script.
  return !hasLookalikes || hasDistinct ? end : NEEDS_SCRIPTS;

  function stopAt(start: number): number {
    // The scripts of the first part would be forgotten.
    if (hasLookalikes) return 0;
    buffer.count = count;
    buffer.wordCount = wordCount;
    return count > 0 && ends[count - 1] === start ? removeLast(buffer) : start;
  }
}

/** Removes the last token, and returns its start. The next unit can belong to it. */
function removeLast(buffer: TokenBuffer): number {
  const last = buffer.count - 1;
  buffer.count = last;
  if (buffer.kinds[last] !== TokenKind.sign) buffer.wordCount -= 1;
  return buffer.starts[last]!;
}

function clearTokens(buffer: TokenBuffer): void {
  buffer.count = 0;
  buffer.wordCount = 0;
}
