/**
 * A compiled classifier of natural. For each label it adds up the weights of the vocabulary's features that occur in
 * the text. Weights keep all 64 bits, so that the arithmetic is the same as natural's.
 */
export interface NaturalModel {
  readonly algorithm: 'natural-bayes' | 'natural-logistic-regression';
  /** The labels in natural's order, which decides between equal values. */
  readonly labels: readonly string[];
  /** If true, stop words are features, as after natural's `setOptions({ keepStops: true })`. */
  readonly keepStops: boolean;
  readonly vocabulary: readonly string[];
  /** Feature by feature, one weight for each label. */
  readonly weights: Float64Array;
  /** One value for each label: with Bayes the share of its documents, with logistic regression 1. */
  readonly prior: Float64Array;
}
