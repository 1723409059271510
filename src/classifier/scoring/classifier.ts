/**
 * What a text became on its way to a score. Read it before the next `tokenize` call on the same
 * classifier: the buffers behind it are reused.
 */
export interface Tokens {
  /** Words (or segments) found in the text. */
  readonly count: number;
  /** Share of them that the training data never showed, from 0 to 1; 1 for a text without any word. */
  readonly unknownRatio: number;
}

/** What a classifier says of one text. Safe to keep. */
export interface Scores {
  /** The most probable label. */
  readonly label: string;
  /** Its calibrated probability. */
  readonly confidence: number;
  /** A probability for each of `Classifier.labels`, in their order; they sum to 1. */
  readonly probabilities: Float64Array;
}

/** How much one feature spoke for the chosen label against the runner-up, in log-odds. */
export interface Contribution {
  readonly feature: string;
  readonly weight: number;
}

/**
 * A trained model, ready to score. Pure and synchronous: no I/O, no clock, and any string is a valid text.
 * `tokenize` and `score` are two steps so that each can be timed.
 */
export interface Classifier {
  readonly labels: readonly string[];
  tokenize(text: string): Tokens;
  /** Scores what this classifier's latest `tokenize` call returned. */
  score(tokens: Tokens): Scores;
  /** Contributions to `scores.label` against the runner-up, strongest first; all of them add up to the log-odds. */
  explain(tokens: Tokens, scores: Scores): Contribution[];
}
