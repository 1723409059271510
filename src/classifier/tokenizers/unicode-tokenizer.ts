import { CharacterClass, type CharacterTable, characterClassOf, lowerCaseOf, rawTable } from '../text/characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from '../text/hashing.ts';
import { resetTokens, type TokenBuffer, TokenKind } from '../text/token-buffer.ts';

const { gap, word, sign, ideograph, highSurrogate, lowSurrogate } = CharacterClass;

/**
 * Finds the words of any script in one pass over the code units, without a string for each word. On ASCII text the
 * words are those of natural's `WordTokenizer`. Beyond ASCII, letters of every alphabet join into words, and each
 * ideograph, kana and emoji is one word. A run of one sign ("!!!", "$") is a token, but not a word.
 *
 * The text is not normalised: artefacts of format 1 were trained in this way.
 */
export function tokenizeRaw(text: string, buffer: TokenBuffer): void {
  tokenizeBy(rawTable, text, buffer);
}

/** Finds the words of a text as `tokenizeRaw` does, with the classes and lower case of a table. */
export function tokenizeBy(table: CharacterTable, text: string, buffer: TokenBuffer): void {
  const end = text.length;
  resetTokens(buffer, end);
  // V8 checks the representation of a string at each unit it reads: reading from an array takes half the time.
  buffer.unitBytes.write(text, 'utf16le');
  const { units, starts, ends, hashes, kinds } = buffer;
  // A gap after the text ends its last token.
  units[end] = 0;
  let [at, count, wordCount] = [0, 0, 0];
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
    if (unitClass === word) {
      kind = TokenKind.word;
      for (;;) {
        const next = table[units[at]!]!;
        if (characterClassOf(next) !== word) break;
        const lower = lowerCaseOf(next);
        units[at] = lower;
        hash = addUnit(hash, lower);
        at += 1;
      }
    } else if (unitClass === sign) {
      kind = TokenKind.sign;
      while (lowerCaseOf(table[units[at]!]!) === unit) {
        units[at] = unit;
        hash = addUnit(hash, unit);
        at += 1;
      }
    } else if (unitClass === highSurrogate && characterClassOf(table[units[at]!]!) === lowSurrogate) {
      hash = addUnit(hash, units[at]!);
      at += 1;
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
}
