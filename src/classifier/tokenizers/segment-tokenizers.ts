import { CharacterClass, type CharacterTable, characterClassOf, lowerCaseOf } from '../text/characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from '../text/hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, type Tokenizer, TokenKind } from '../text/token-buffer.ts';

const { gap, sign, highSurrogate, lowSurrogate } = CharacterClass;

/** Creates a tokeniser that finds words by ICU's dictionaries and rules, for scripts without spaces. */
export function createSegmentTokenizer(table: CharacterTable): Tokenizer {
  const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
  return (text, buffer) => {
    resetTokens(buffer, text.length);
    for (const { segment, index, isWordLike } of segmenter.segment(text)) {
      const unitClass = characterClassOf(table[text.charCodeAt(index)]!);
      if (unitClass === gap) continue;
      const kind = isWordLike ? TokenKind.word : unitClass === sign ? TokenKind.sign : TokenKind.ideograph;
      pushRange(table, text, index, index + segment.length, kind, buffer);
    }
  };
}

/** Creates a tokeniser that makes every character except blanks a token. */
export function createCharacterTokenizer(table: CharacterTable): Tokenizer {
  return (text, buffer) => tokenizeCharacters(table, text, buffer);
}

function tokenizeCharacters(table: CharacterTable, text: string, buffer: TokenBuffer): void {
  resetTokens(buffer, text.length);
  let at = 0;
  while (at < text.length) {
    const unitClass = characterClassOf(table[text.charCodeAt(at)]!);
    const isPair = unitClass === highSurrogate && characterClassOf(table[text.charCodeAt(at + 1)]!) === lowSurrogate;
    const end = at + (isPair ? 2 : 1);
    const isHalfPair = !isPair && (unitClass === highSurrogate || unitClass === lowSurrogate);
    if (unitClass !== gap && !isHalfPair) {
      pushRange(table, text, at, end, unitClass === sign ? TokenKind.sign : TokenKind.ideograph, buffer);
    }
    at = end;
  }
}

function pushRange(
  table: CharacterTable,
  text: string,
  start: number,
  end: number,
  kind: number,
  buffer: TokenBuffer,
): void {
  let hash = FNV_OFFSET_BASIS;
  for (let at = start; at < end; at += 1) {
    const lower = lowerCaseOf(table[text.charCodeAt(at)]!);
    buffer.units[at] = lower;
    hash = addUnit(hash, lower);
  }
  pushToken(buffer, start, end, kind, finishHash(hash));
}
