/**
 * A classifier of natural's, compiled: presence of each feature of its vocabulary times a weight for each label, summed.
 * Weights keep all 64 bits, so that the arithmetic is natural's own.
 */
export interface NaturalModel {
  readonly algorithm: 'natural-bayes' | 'natural-logistic-regression';
  /** In natural's order, which decides between equal values. */
  readonly labels: readonly string[];
  /** Stop words are features too, as after natural's `setOptions({ keepStops: true })`. */
  readonly keepStops: boolean;
  readonly vocabulary: readonly string[];
  /** Feature by feature, one for each label. */
  readonly weights: Float64Array;
  /** One for each label: the share of its documents with Bayes, 1 with logistic regression. */
  readonly prior: Float64Array;
}
