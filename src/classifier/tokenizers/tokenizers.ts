import { type CharacterTable, rawTable, settledTable } from '../text/characters.ts';
import { normaliseText } from '../text/normalisation.ts';
import type { NormalisationName, TokenizerName } from '../text/text-options.ts';
import type { Tokenizer } from '../text/token-buffer.ts';
import {
  createNaturalAggressiveTokenizer,
  createNaturalTreebankTokenizer,
  createNaturalWordTokenizer,
} from './natural-tokenizers.ts';
import { tokenizeNormalised } from './normal-form-tokenizer.ts';
import { createCharacterTokenizer, createSegmentTokenizer } from './segment-tokenizers.ts';
import { tokenizeRaw } from './unicode-tokenizer.ts';

const tokenizerCreators: Readonly<Record<Exclude<TokenizerName, 'unicode'>, (table: CharacterTable) => Tokenizer>> = {
  segmenter: createSegmentTokenizer,
  characters: createCharacterTokenizer,
  'natural-word': createNaturalWordTokenizer,
  'natural-aggressive': createNaturalAggressiveTokenizer,
  'natural-treebank': createNaturalTreebankTokenizer,
};

/** Creates the tokeniser with this name, which normalises each text first. */
export function createTokenizer(name: TokenizerName, normalisation: NormalisationName): Tokenizer {
  if (name === 'unicode') return normalisation === 'none' ? tokenizeRaw : tokenizeNormalised;
  if (normalisation === 'none') return tokenizerCreators[name](rawTable);
  const tokenize = tokenizerCreators[name](settledTable);
  return (text, buffer) => {
    const { text: normalised, isObfuscated } = normaliseText(text);
    tokenize(normalised, buffer);
    buffer.isObfuscated = isObfuscated;
  };
}
