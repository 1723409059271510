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
} from '../text/characters.ts';
import { copyFoldedWord, foldWord, isLatinUnit } from '../text/confusables.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from '../text/hashing.ts';
import { copyFolded, foldText, normaliseText } from '../text/normalisation.ts';
import { resetTokens, type TokenBuffer, TokenKind } from '../text/token-buffer.ts';

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
 * Look-alike letters are replaced in the tokens, after the pass.
 */
export function tokenizeNormalised(text: string, buffer: TokenBuffer): void {
  loadText(text, buffer);
  scripts.hasDistinct = false;
  scripts.suspectCount = 0;
  const stop = tokenizeUnits(normalTable, 0, text.length, buffer);
  let hidesLetters = false;
  if (stop < text.length) {
    const folded = foldText(text, stop);
    const end = folded ? folded.from + folded.length : 0;
    if (!folded || end >= buffer.units.length || end > buffer.starts.length) {
      tokenizeFully(text, buffer);
      return;
    }
    if (folded.from === 0) clearTokens(buffer);
    copyFolded(buffer.units, folded);
    tokenizeUnits(foldedTable, folded.from, end, buffer);
    hidesLetters = folded.isObfuscated;
  }
  const foldedWords = scripts.suspectCount === 0 ? 0 : foldSuspects(buffer);
  if (foldedWords < 0) tokenizeFully(text, buffer);
  else buffer.isObfuscated = hidesLetters || foldedWords > 0;
}

function tokenizeFully(text: string, buffer: TokenBuffer): void {
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

/** The bit of a suspect that has letters of two scripts. Other bits have the number of the token. */
const MIXED_BIT = 1;

/** The scripts of the current text. Texts are read one at a time, so they share it. */
const scripts = {
  /** True if the text has a letter of another script that looks like no Latin letter. */
  hasDistinct: false,
  /** The words whose look-alike letters may have to be replaced. */
  suspects: new Int32Array(256),
  suspectCount: 0,
};

/**
 * Finds the tokens of the units of the buffer from one position to another, and appends them. With `normalTable` and
 * `foldedTable`, it adds the words with look-alike letters to `scripts`.
 *
 * @returns `end`, or the start of the first token that may have another form, which only `normalTable` tells
 */
function tokenizeUnits(table: CharacterTable, from: number, end: number, buffer: TokenBuffer): number {
  const { units, starts, ends, hashes, kinds } = buffer;
  // A gap after the text ends its last token.
  units[end] = 0;
  let { count, wordCount } = buffer;
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
        let lookalikes = unitClass === lookalike ? entry : 0;
        let hasLatin = unitClass === word && hasLatinUnit(units, start, at);
        for (;;) {
          // Most words have one script: their letters need one test each.
          next = table[units[at]!]!;
          while (characterClassOf(next) === lookalike) {
            lookalikes |= next;
            const lower = lowerCaseOf(next);
            units[at] = lower;
            hash = addUnit(hash, lower);
            at += 1;
            next = table[units[at]!]!;
          }
          const lower = lowerCaseOf(next);
          if (characterClassOf(next) === word) hasLatin ||= isLatinUnit(lower);
          else if (!isMark(next) || !isMarkInPlace(units[at]!, units[at - 1]!)) break;
          units[at] = lower;
          hash = addUnit(hash, lower);
          at += 1;
        }
        if (isDistinct(lookalikes)) scripts.hasDistinct = true;
        if (hasLatin || !scripts.hasDistinct) addSuspect(count, hasLatin);
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
  return end;

  function stopAt(start: number): number {
    buffer.count = count;
    buffer.wordCount = wordCount;
    return count > 0 && ends[count - 1] === start ? removeLast(buffer) : start;
  }
}

function addSuspect(token: number, isMixed: boolean): void {
  const { suspectCount } = scripts;
  if (suspectCount === scripts.suspects.length) {
    const larger = new Int32Array(suspectCount * 2);
    larger.set(scripts.suspects);
    scripts.suspects = larger;
  }
  scripts.suspects[suspectCount] = (token << 1) | (isMixed ? MIXED_BIT : 0);
  scripts.suspectCount = suspectCount + 1;
}

/** Replaces look-alike letters. Returns the number of changed words, or -1 if one of them became longer. */
function foldSuspects(buffer: TokenBuffer): number {
  const { units, starts, ends, hashes } = buffer;
  const { suspects, suspectCount, hasDistinct } = scripts;
  let hasLatin: boolean | undefined;
  let changed = 0;
  for (let at = 0; at < suspectCount; at += 1) {
    const suspect = suspects[at]!;
    const token = suspect >> 1;
    const [start, end] = [starts[token]!, ends[token]!];
    if ((suspect & MIXED_BIT) === 0) {
      // The word of one script stays, unless it looks Latin in a Latin text.
      hasLatin ??= !hasDistinct && hasLatinUnit(units, 0, ends[buffer.count - 1]!);
      if (!hasLatin) continue;
    }
    const length = foldWord(units, start, end, !hasDistinct);
    if (length === 0) continue;
    if (length > end - start) return -1;
    copyFoldedWord(units, start, length);
    let hash = FNV_OFFSET_BASIS;
    for (let unit = start; unit < start + length; unit += 1) hash = addUnit(hash, units[unit]!);
    hashes[token] = finishHash(hash);
    ends[token] = start + length;
    changed += 1;
  }
  return changed;
}

function hasLatinUnit(units: Uint16Array, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if (isLatinUnit(units[at]!)) return true;
  return false;
}

/** Removes the last token, and returns its start. The next unit can belong to it. */
function removeLast(buffer: TokenBuffer): number {
  const last = buffer.count - 1;
  buffer.count = last;
  const { suspects, suspectCount } = scripts;
  if (suspectCount > 0 && suspects[suspectCount - 1]! >> 1 === last) scripts.suspectCount -= 1;
  if (buffer.kinds[last] !== TokenKind.sign) buffer.wordCount -= 1;
  return buffer.starts[last]!;
}

function clearTokens(buffer: TokenBuffer): void {
  scripts.hasDistinct = false;
  scripts.suspectCount = 0;
  buffer.count = 0;
  buffer.wordCount = 0;
}
