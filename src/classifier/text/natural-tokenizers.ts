import AggressiveTokenizer from 'natural/lib/natural/tokenizers/aggressive_tokenizer.js';
import { WordTokenizer } from 'natural/lib/natural/tokenizers/regexp_tokenizer.js';
import TreebankWordTokenizer from 'natural/lib/natural/tokenizers/treebank_word_tokenizer.js';
import { CharacterClass, characterClassOf, characters, lowerCaseOf } from './characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from './hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, type Tokenizer, TokenKind } from './token-buffer.ts';

/** natural's `WordTokenizer`. */
export function createNaturalWordTokenizer(): Tokenizer {
  const tokenizer = new WordTokenizer();
  return (text, into) => takeStrings(tokenizer.tokenize(text), into);
}

/** natural's `AggressiveTokenizer` (English): its words may hold hyphens, apostrophes and slashes. */
export function createNaturalAggressiveTokenizer(): Tokenizer {
  const tokenizer = new AggressiveTokenizer();
  return (text, into) => takeStrings(tokenizer.tokenize(text), into);
}

/** natural's `TreebankWordTokenizer`: contractions come apart, and each punctuation mark is a token. */
export function createNaturalTreebankTokenizer(): Tokenizer {
  const tokenizer = new TreebankWordTokenizer();
  return (text, into) => takeStrings(tokenizer.tokenize(text), into);
}

function takeStrings(tokens: readonly string[], into: TokenBuffer): void {
  resetTokens(
    into,
    tokens.reduce((sum, token) => sum + token.length, 0),
  );
  let at = 0;
  for (const token of tokens) {
    if (token === '') continue;
    const start = at;
    let hash = FNV_OFFSET_BASIS;
    let kind: number = TokenKind.sign;
    for (let from = 0; from < token.length; from += 1) {
      const character = characters[token.charCodeAt(from)]!;
      const unitClass = characterClassOf(character);
      const lower = lowerCaseOf(character);
      if (unitClass !== CharacterClass.sign && unitClass !== CharacterClass.gap) kind = TokenKind.word;
      into.units[at] = lower;
      hash = addUnit(hash, lower);
      at += 1;
    }
    pushToken(into, start, at, kind, finishHash(hash));
  }
}
