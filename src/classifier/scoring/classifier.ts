/**
 * A tokenised text. It is valid until the next `tokenize` call on the same classifier, which reuses the buffers behind
 * it.
 */
export interface Tokens {
  /** The number of words (or segments) in the text. */
  readonly count: number;
  /** The share of words, from 0 to 1, that do not occur in the training data; 1 for a text without words. */
  readonly unknownRatio: number;
  /** True if the text hides letters behind invisible characters or look-alike letters. */
  readonly isObfuscated: boolean;
}

/** The scores of one text. They stay valid after later calls. */
export interface Scores {
  /** The most probable label. */
  readonly label: string;
  /** The calibrated probability of that label, from 0 to 1. */
  readonly confidence: number;
  /** The probability of each of `Classifier.labels`, in their order. The sum is 1. */
  readonly probabilities: Float64Array;
}

/** The weight of one feature for the chosen label against the second most probable label. */
export interface Contribution {
  readonly feature: string;
  /** In log-odds (natural logarithm). */
  readonly weight: number;
}

/**
 * A trained model, ready to score. All calls are pure and synchronous, without I/O and clock. Any string is a valid
 * text. `tokenize` and `score` are separate steps, so that a caller can time each of them.
 */
export interface Classifier {
  readonly labels: readonly string[];
  tokenize(text: string): Tokens;
  /** Returns the scores of the text of the latest `tokenize` call. */
  score(tokens: Tokens): Scores;
  /**
   * Returns the contributions to `scores.label` against the second most probable label, strongest first. Their sum is
   * the log-odds of the two labels.
   */
  explain(tokens: Tokens, scores: Scores): Contribution[];
}

/** Returns the scores of a text by its probabilities. */
export function scoresOf(labels: readonly string[], probabilities: Float64Array): Scores {
  let best = 0;
  for (let label = 1; label < probabilities.length; label += 1) {
    if (probabilities[label]! > probabilities[best]!) best = label;
  }
  return { label: labels[best]!, confidence: probabilities[best]!, probabilities };
}
