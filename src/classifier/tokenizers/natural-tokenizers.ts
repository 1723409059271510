import AggressiveTokenizer from 'natural/lib/natural/tokenizers/aggressive_tokenizer.js';
import { WordTokenizer } from 'natural/lib/natural/tokenizers/regexp_tokenizer.js';
import TreebankWordTokenizer from 'natural/lib/natural/tokenizers/treebank_word_tokenizer.js';
import { CharacterClass, type CharacterTable, characterClassOf, lowerCaseOf } from '../text/characters.ts';
import { addUnit, FNV_OFFSET_BASIS, finishHash } from '../text/hashing.ts';
import { pushToken, resetTokens, type TokenBuffer, type Tokenizer, TokenKind } from '../text/token-buffer.ts';

/** Creates a tokeniser that finds the tokens of natural's `WordTokenizer`. */
export function createNaturalWordTokenizer(table: CharacterTable): Tokenizer {
  const tokenizer = new WordTokenizer();
  return (text, buffer) => pushStrings(table, tokenizer.tokenize(text), buffer);
}

/**
 * Creates a tokeniser that finds the tokens of natural's English `AggressiveTokenizer`, which keeps "-", "'" and "/" in
 * words.
 */
export function createNaturalAggressiveTokenizer(table: CharacterTable): Tokenizer {
  const tokenizer = new AggressiveTokenizer();
  return (text, buffer) => pushStrings(table, tokenizer.tokenize(text), buffer);
}

/**
 * Creates a tokeniser that finds the tokens of natural's `TreebankWordTokenizer`, which splits contractions and makes
 * each punctuation mark a token.
 */
export function createNaturalTreebankTokenizer(table: CharacterTable): Tokenizer {
  const tokenizer = new TreebankWordTokenizer();
  return (text, buffer) => pushStrings(table, tokenizer.tokenize(text), buffer);
}

function pushStrings(table: CharacterTable, tokens: readonly string[], buffer: TokenBuffer): void {
  resetTokens(
    buffer,
    tokens.reduce((sum, token) => sum + token.length, 0),
  );
  let at = 0;
  for (const token of tokens) {
    if (token === '') continue;
    const start = at;
    let hash = FNV_OFFSET_BASIS;
    let kind: number = TokenKind.sign;
    for (let from = 0; from < token.length; from += 1) {
      const entry = table[token.charCodeAt(from)]!;
      const unitClass = characterClassOf(entry);
      const lower = lowerCaseOf(entry);
      if (unitClass !== CharacterClass.sign && unitClass !== CharacterClass.gap) kind = TokenKind.word;
      buffer.units[at] = lower;
      hash = addUnit(hash, lower);
      at += 1;
    }
    pushToken(buffer, start, at, kind, finishHash(hash));
  }
}
