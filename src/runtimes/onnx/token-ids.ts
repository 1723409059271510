import type { HuggingFaceTokenizer } from './packages.ts';

/** The token ids of a text, with the special tokens of the encoder. */
export interface TokenIds {
  readonly ids: readonly number[];
  /** The number of tokens without the special ones, before the text was cut. */
  readonly count: number;
  /** The number of these tokens that the encoder does not know. */
  readonly unknown: number;
}

/** The number of characters for each token that are read first of a long text. */
const CHARACTERS_PER_TOKEN = 16;

/** The names of the token for everything that a vocabulary lacks. */
const UNKNOWN_TOKENS = ['[UNK]', '<unk>'];

/**
 * Creates a function that turns texts into token ids. A text with more tokens than the encoder takes loses its end, as with
 * Hugging Face's truncation: the special tokens stay.
 *
 * @param folds whether the tokeniser makes texts lowercase
 */
export function createTokenIds(
  tokenizer: HuggingFaceTokenizer,
  maxTokens: number,
  folds = false,
): (text: string) => TokenIds {
  const { prefix, suffix } = findSpecialTokens(tokenizer);
  const room = Math.max(1, maxTokens - prefix.length - suffix.length);
  const unknownId = UNKNOWN_TOKENS.map((token) => tokenizer.token_to_id(token)).find((id) => id !== undefined);

  /** Reads only the beginning of a long text, if it has enough tokens: the end would be cut anyway. */
  function encode(text: string): readonly number[] {
    const start = beginningOf(text, room * CHARACTERS_PER_TOKEN);
    const ids = tokenizer.encode(start, { add_special_tokens: false }).ids;
    if (start.length === text.length || ids.length > room) return ids;
    return tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  return (text) => {
    // At the end of a word JavaScript makes it a final sigma, and the tokenisers of training do not.
    const all = encode(folds ? text.replaceAll('Σ', 'σ') : text);
    const kept = all.length > room ? all.slice(0, room) : all;
    let unknown = 0;
    for (const id of kept) if (id === unknownId) unknown += 1;
    return { ids: [...prefix, ...kept, ...suffix], count: kept.length, unknown };
  };
}

/** Returns whether the tokeniser of a `tokenizer.json` makes texts lowercase. */
export function isLowercasing(json: object): boolean {
  const normaliser = 'normalizer' in json ? JSON.stringify(json.normalizer) : '';
  return /"lowercase":true|"type":"Lowercase"/.test(normaliser);
}

/** Returns the longest beginning of a text that has at most `length` characters, and that ends before white space. */
function beginningOf(text: string, length: number): string {
  if (text.length <= length) return text;
  for (let end = length; end > 0; end -= 1) if (/\s/.test(text[end]!)) return text.slice(0, end);
  return text;
}

/** Finds the special tokens around a text, by the ids of a text with and without them. */
function findSpecialTokens(tokenizer: HuggingFaceTokenizer): { prefix: readonly number[]; suffix: readonly number[] } {
  const plain = tokenizer.encode('a', { add_special_tokens: false }).ids;
  const { ids } = tokenizer.encode('a', { add_special_tokens: true });
  for (let start = 0; start + plain.length <= ids.length; start += 1) {
    if (!plain.every((id, at) => ids[start + at] === id)) continue;
    return { prefix: ids.slice(0, start), suffix: ids.slice(start + plain.length) };
  }
  return { prefix: [], suffix: [] };
}
