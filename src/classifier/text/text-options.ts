/**
 * Ways to find the tokens of a text: `unicode` for words of any script and single ideographs; `segmenter` for dictionary
 * words of scripts without spaces (ICU, by `Intl.Segmenter`); `characters` for every character by itself; the others are
 * natural's own tokenisers.
 */
export const TOKENIZER_NAMES = [
  'unicode',
  'segmenter',
  'characters',
  'natural-word',
  'natural-aggressive',
  'natural-treebank',
] as const;
export type TokenizerName = (typeof TOKENIZER_NAMES)[number];

/** What of a text becomes a feature. Training and scoring must agree on it to the letter, so it stands in the artefact. */
export interface FeatureOptions {
  readonly tokenizer: TokenizerName;
  /** Words of a-z are reduced to their Porter stems. */
  readonly stem: boolean;
  /** Sequences of 1 to this many words. */
  readonly wordNgrams: number;
  /** Shortest and longest sequence of characters inside a word, its two edges included; 0 and 0 leaves them out. */
  readonly characterNgrams: readonly [shortest: number, longest: number];
}
