/** Ways to find the tokens of a text. */
export const tokenizerNames = ['unicode'] as const;
export type TokenizerName = (typeof tokenizerNames)[number];

/** What of a text becomes a feature. Training and scoring must agree on it to the letter, so it stands in the artefact. */
export interface FeatureOptions {
  readonly tokenizer: TokenizerName;
  /** Words are reduced to their Porter stems. */
  readonly stem: boolean;
  /** Sequences of 1 to this many words; 0 leaves words out. */
  readonly wordNgrams: number;
  /** Shortest and longest sequence of characters inside a word, its two edges included; 0 and 0 leaves them out. */
  readonly characterNgrams: readonly [shortest: number, longest: number];
}
