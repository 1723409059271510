import { CharacterClass, characterClassOf, characters, lowerCaseOf } from './characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from './hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, type Tokenizer, TokenKind } from './token-buffer.ts';

const { gap, sign, highSurrogate, lowSurrogate } = CharacterClass;

/** Words as ICU's dictionaries and rules find them, for scripts without spaces. */
export function createSegmentTokenizer(): Tokenizer {
  const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
  return (text, into) => {
    resetTokens(into, text.length);
    for (const { segment, index, isWordLike } of segmenter.segment(text)) {
      const unitClass = characterClassOf(characters[text.charCodeAt(index)]!);
      if (unitClass === gap) continue;
      const kind = isWordLike ? TokenKind.word : unitClass === sign ? TokenKind.sign : TokenKind.ideograph;
      pushRange(text, index, index + segment.length, kind, into);
    }
  };
}

/** Every character but blanks by itself. */
export function tokenizeCharacters(text: string, into: TokenBuffer): void {
  resetTokens(into, text.length);
  let at = 0;
  while (at < text.length) {
    const unitClass = characterClassOf(characters[text.charCodeAt(at)]!);
    const isPair =
      unitClass === highSurrogate && characterClassOf(characters[text.charCodeAt(at + 1)]!) === lowSurrogate;
    const end = at + (isPair ? 2 : 1);
    const isHalf = !isPair && (unitClass === highSurrogate || unitClass === lowSurrogate);
    if (unitClass !== gap && !isHalf) {
      pushRange(text, at, end, unitClass === sign ? TokenKind.sign : TokenKind.ideograph, into);
    }
    at = end;
  }
}

function pushRange(text: string, start: number, end: number, kind: number, into: TokenBuffer): void {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at += 1) {
    const lower = lowerCaseOf(characters[text.charCodeAt(at)]!);
    into.units[at] = lower;
    hash = addUnit(hash, lower);
  }
  pushToken(into, start, end, kind, finishHash(hash));
}
