import {
  createNaturalAggressiveTokenizer,
  createNaturalTreebankTokenizer,
  createNaturalWordTokenizer,
} from './natural-tokenizers.ts';
import { createSegmentTokenizer, tokenizeCharacters } from './segment-tokenizers.ts';
import type { TokenizerName } from './text-options.ts';
import type { Tokenizer } from './token-buffer.ts';
import { tokenizeUnicode } from './unicode-tokenizer.ts';

const tokenizerCreators: Readonly<Record<TokenizerName, () => Tokenizer>> = {
  unicode: () => tokenizeUnicode,
  segmenter: createSegmentTokenizer,
  characters: () => tokenizeCharacters,
  'natural-word': createNaturalWordTokenizer,
  'natural-aggressive': createNaturalAggressiveTokenizer,
  'natural-treebank': createNaturalTreebankTokenizer,
};

/** Creates the tokeniser with this name. */
export function createTokenizer(name: TokenizerName): Tokenizer {
  return tokenizerCreators[name]();
}
