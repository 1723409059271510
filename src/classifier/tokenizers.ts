import type { TokenizerName } from './feature-options.ts';
import type { Tokenizer } from './token-buffer.ts';
import { tokenizeUnicode } from './unicode-tokenizer.ts';

const tokenizers: Readonly<Record<TokenizerName, () => Tokenizer>> = {
  unicode: () => tokenizeUnicode,
};

/** A tokeniser by its name. */
export function createTokenizer(name: TokenizerName): Tokenizer {
  return tokenizers[name]();
}
