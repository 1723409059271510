/**
 * The tokenisers that a model can use. `unicode` finds words of any script, and single ideographs. `segmenter` finds
 * dictionary words of scripts without spaces (ICU, through `Intl.Segmenter`). `characters` makes every character a
 * token. The others are the tokenisers of natural.
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

/**
 * The ways to normalise a text before it is split into tokens. `none` is that of artefacts of format 1. `nfkc` makes texts
 * equal that a reader sees as equal: see `normaliseText`.
 */
export const NORMALISATION_NAMES = ['none', 'nfkc'] as const;
export type NormalisationName = (typeof NORMALISATION_NAMES)[number];

/**
 * The settings that turn a text into features. Training and scoring must use the same settings, so the artefact stores
 * them.
 */
export interface FeatureOptions {
  readonly tokenizer: TokenizerName;
  readonly normalisation: NormalisationName;
  /** If true, words of a-z are reduced to their Porter stems. */
  readonly stem: boolean;
  /** The maximum length of a word n-gram, in words; the minimum is 1. */
  readonly wordNgrams: number;
  /**
   * The minimum and maximum length of a character n-gram inside a word, in code units. Each edge of the word counts as
   * one unit. 0 and 0 mean no character n-grams.
   */
  readonly characterNgrams: readonly [minLength: number, maxLength: number];
}
