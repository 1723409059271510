import type { WeightedMatrix } from '../features/tf-idf.ts';
import { columnsFor, type LinearWeights } from '../scoring/linear-weights.ts';

/** Lidstone smoothing: added to every feature's sum for a label. */
const SMOOTHING = 0.1;

interface LabelSums {
  /** The sum of each feature's values over the documents of each label, feature by feature. */
  readonly byFeature: Float64Array;
  /** The sum of all values for each label. */
  readonly byLabel: Float64Array;
  /** The number of documents of each label. */
  readonly documents: Float64Array;
}

function sumByLabel(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  rowWeights: Float32Array | undefined,
): LabelSums {
  const byFeature = new Float64Array(matrix.featureCount * labels);
  const byLabel = new Float64Array(labels);
  const documents = new Float64Array(labels);
  for (const row of rows) {
    const label = targets[row]!;
    const weight = rowWeights?.[row] ?? 1;
    documents[label]! += weight;
    const end = matrix.rowStarts[row + 1]!;
    for (let at = matrix.rowStarts[row]!; at < end; at += 1) {
      const value = weight * matrix.values[at]!;
      byFeature[matrix.columns[at]! * labels + label]! += value;
      byLabel[label]! += value;
    }
  }
  return { byFeature, byLabel, documents };
}

/**
 * Fits multinomial naive Bayes over TF-IDF values, in log space (McCallum, Nigam: A comparison of event models for
 * naive Bayes text classification, 1998). A weight is the logarithm of the feature's smoothed share of the label's
 * values. The bias is the logarithm of the label's share of the documents, with 1 added to each count.
 *
 * @param rows the documents to learn from
 * @param targets the label number of every row of the matrix
 * @param labels the number of labels
 * @param rowWeights the weight of every row of the matrix; without it each weight is 1
 */
export function fitMultinomialNaiveBayes(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  rowWeights?: Float32Array,
): LinearWeights {
  const { byFeature, byLabel, documents } = sumByLabel(matrix, rows, targets, labels, rowWeights);
  const totalSmoothing = SMOOTHING * matrix.featureCount;
  const weightOf = (feature: number, label: number) =>
    Math.log((byFeature[feature * labels + label]! + SMOOTHING) / (byLabel[label]! + totalSmoothing));
  const total = documents.reduce((sum, count) => sum + count, 0);
  const bias = Float64Array.from(documents, (count) => Math.log((count + 1) / (total + labels)));
  return toColumns(matrix.featureCount, labels, weightOf, bias);
}

/**
 * Fits complement naive Bayes (Rennie, Shih, Teevan, Karger: Tackling the poor assumptions of naive Bayes text
 * classifiers, 2003). A weight is minus the logarithm of the feature's smoothed share of the values of all other
 * labels, which is fairer to labels of unequal size. The bias is 0.
 *
 * @param rows the documents to learn from
 * @param targets the label number of every row of the matrix
 * @param labels the number of labels
 * @param rowWeights the weight of every row of the matrix; without it each weight is 1
 */
export function fitComplementNaiveBayes(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  rowWeights?: Float32Array,
): LinearWeights {
  const { byFeature, byLabel } = sumByLabel(matrix, rows, targets, labels, rowWeights);
  const totalSmoothing = SMOOTHING * matrix.featureCount;
  const total = byLabel.reduce((sum, value) => sum + value, 0);
  const featureSums = new Float64Array(matrix.featureCount);
  for (let feature = 0; feature < matrix.featureCount; feature += 1) {
    for (let label = 0; label < labels; label += 1) featureSums[feature]! += byFeature[feature * labels + label]!;
  }
  const weightOf = (feature: number, label: number) =>
    -Math.log(
      (featureSums[feature]! - byFeature[feature * labels + label]! + SMOOTHING) /
        (total - byLabel[label]! + totalSmoothing),
    );
  return toColumns(matrix.featureCount, labels, weightOf, new Float64Array(labels));
}

function toColumns(
  featureCount: number,
  labels: number,
  weightOf: (feature: number, label: number) => number,
  labelBias: Float64Array,
): LinearWeights {
  const columns = columnsFor(labels);
  const weights = new Float32Array(featureCount * columns);
  for (let feature = 0; feature < featureCount; feature += 1) {
    if (columns === 1) {
      weights[feature] = weightOf(feature, 1) - weightOf(feature, 0);
      continue;
    }
    // Only differences between labels matter. Without their mean the weights are small and keep more digits in 32 bits.
    let mean = 0;
    for (let label = 0; label < labels; label += 1) mean += weightOf(feature, label) / labels;
    for (let label = 0; label < labels; label += 1) weights[feature * labels + label] = weightOf(feature, label) - mean;
  }
  const bias = columns === 1 ? Float64Array.of(labelBias[1]! - labelBias[0]!) : labelBias;
  return { columns, weights, bias };
}
