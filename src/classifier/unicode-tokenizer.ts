import { CharacterClass, characterClass, lowerCase } from './characters.ts';
import { addUnit, finishHash, hashStart } from './hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, TokenKind } from './token-buffer.ts';

const { gap, word, sign, ideograph, highSurrogate, lowSurrogate } = CharacterClass;

/**
 * Words of any script in one pass over the code units, without a string a word. On ASCII text its words are those of
 * natural's `WordTokenizer`; beyond that, letters of every alphabet join into words, each ideograph, kana and emoji is
 * a word by itself, and a run of one sign ("!!!", "$") is a token that is no word.
 */
export function tokenizeUnicode(text: string, into: TokenBuffer): void {
  const length = text.length;
  resetTokens(into, length);
  const { units } = into;
  let at = 0;
  while (at < length) {
    const start = at;
    const raw = text.charCodeAt(at);
    const unitClass = characterClass[raw]!;
    at += 1;
    if (unitClass === gap) continue;
    const unit = lowerCase[raw]!;
    units[start] = unit;
    let hash = addUnit(hashStart, unit);
    let kind: number = TokenKind.ideograph;
    if (unitClass === word) {
      kind = TokenKind.word;
      while (at < length) {
        const next = text.charCodeAt(at);
        if (characterClass[next] !== word) break;
        const lower = lowerCase[next]!;
        units[at] = lower;
        hash = addUnit(hash, lower);
        at += 1;
      }
    } else if (unitClass === sign) {
      kind = TokenKind.sign;
      while (at < length && lowerCase[text.charCodeAt(at)] === unit) {
        units[at] = unit;
        hash = addUnit(hash, unit);
        at += 1;
      }
    } else if (unitClass === highSurrogate && at < length && characterClass[text.charCodeAt(at)] === lowSurrogate) {
      units[at] = text.charCodeAt(at);
      hash = addUnit(hash, units[at]!);
      at += 1;
    } else if (unitClass !== ideograph) {
      // Half a surrogate pair says nothing.
      continue;
    }
    pushToken(into, start, at, kind, finishHash(hash));
  }
}
