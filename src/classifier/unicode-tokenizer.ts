import { CharacterClass, characterClass, lowerCase } from './characters.ts';
import { resetTokens, type TokenBuffer } from './token-buffer.ts';

const { gap, word, sign, ideograph, highSurrogate, lowSurrogate } = CharacterClass;

/**
 * Words of any script in one pass over the code units, without a string a word. On ASCII text its words are those of
 * natural's `WordTokenizer`; beyond that, letters of every alphabet join into words, each ideograph, kana and emoji is
 * a word by itself, and a run of one sign ("!!!", "$") is a token that is no word.
 */
export function tokenizeUnicode(text: string, into: TokenBuffer): void {
  const length = text.length;
  resetTokens(into, length);
  const { units, starts, ends, isWord } = into;
  let count = 0;
  let words = 0;
  let at = 0;
  while (at < length) {
    const start = at;
    const raw = text.charCodeAt(at);
    const kind = characterClass[raw]!;
    const unit = lowerCase[raw]!;
    units[at] = unit;
    at += 1;
    if (kind === gap) continue;
    if (kind === word) {
      while (at < length) {
        const next = text.charCodeAt(at);
        if (characterClass[next] !== word) break;
        units[at] = lowerCase[next]!;
        at += 1;
      }
    } else if (kind === sign) {
      while (at < length && lowerCase[text.charCodeAt(at)] === unit) {
        units[at] = unit;
        at += 1;
      }
    } else if (kind === highSurrogate && at < length && characterClass[text.charCodeAt(at)] === lowSurrogate) {
      units[at] = text.charCodeAt(at);
      at += 1;
    } else if (kind !== ideograph) {
      // Half a surrogate pair says nothing.
      continue;
    }
    starts[count] = start;
    ends[count] = at;
    isWord[count] = kind === sign ? 0 : 1;
    words += kind === sign ? 0 : 1;
    count += 1;
  }
  into.count = count;
  into.words = words;
}
