import { CharacterClass, characterClassOf, characterTable, lowerCaseOf } from './characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from './hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, type Tokenizer, TokenKind } from './token-buffer.ts';

const { gap, sign, highSurrogate, lowSurrogate } = CharacterClass;

/** Creates a tokeniser that finds words by ICU's dictionaries and rules, for scripts without spaces. */
export function createSegmentTokenizer(): Tokenizer {
  const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
  return (text, buffer) => {
    resetTokens(buffer, text.length);
    for (const { segment, index, isWordLike } of segmenter.segment(text)) {
      const unitClass = characterClassOf(characterTable[text.charCodeAt(index)]!);
      if (unitClass === gap) continue;
      const kind = isWordLike ? TokenKind.word : unitClass === sign ? TokenKind.sign : TokenKind.ideograph;
      pushRange(text, index, index + segment.length, kind, buffer);
    }
  };
}

/** Makes every character except blanks a token. */
export function tokenizeCharacters(text: string, buffer: TokenBuffer): void {
  resetTokens(buffer, text.length);
  let at = 0;
  while (at < text.length) {
    const unitClass = characterClassOf(characterTable[text.charCodeAt(at)]!);
    const isPair =
      unitClass === highSurrogate && characterClassOf(characterTable[text.charCodeAt(at + 1)]!) === lowSurrogate;
    const end = at + (isPair ? 2 : 1);
    const isHalfPair = !isPair && (unitClass === highSurrogate || unitClass === lowSurrogate);
    if (unitClass !== gap && !isHalfPair) {
      pushRange(text, at, end, unitClass === sign ? TokenKind.sign : TokenKind.ideograph, buffer);
    }
    at = end;
  }
}

function pushRange(text: string, start: number, end: number, kind: number, buffer: TokenBuffer): void {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at += 1) {
    const lower = lowerCaseOf(characterTable[text.charCodeAt(at)]!);
    buffer.units[at] = lower;
    hash = addUnit(hash, lower);
  }
  pushToken(buffer, start, end, kind, finishHash(hash));
}
