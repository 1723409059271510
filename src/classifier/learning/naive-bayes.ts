import type { WeightedMatrix } from '../features/tf-idf.ts';
import { columnsFor, type LinearWeights } from '../scoring/linear-weights.ts';

/** Added to every feature's total for a label (Lidstone). */
const smoothing = 0.1;

interface Totals {
  /** Sum of each feature's values for each label, feature by feature. */
  readonly byFeature: Float64Array;
  readonly byLabel: Float64Array;
  readonly documents: Float64Array;
}

function totalsOf(matrix: WeightedMatrix, rows: Uint32Array, targets: Uint32Array, labels: number): Totals {
  const byFeature = new Float64Array(matrix.features * labels);
  const byLabel = new Float64Array(labels);
  const documents = new Float64Array(labels);
  for (const row of rows) {
    const label = targets[row]!;
    documents[label]! += 1;
    const end = matrix.rowStarts[row + 1]!;
    for (let at = matrix.rowStarts[row]!; at < end; at += 1) {
      const value = matrix.values[at]!;
      byFeature[matrix.columns[at]! * labels + label]! += value;
      byLabel[label]! += value;
    }
  }
  return { byFeature, byLabel, documents };
}

/**
 * Multinomial naive Bayes over TF-IDF values, in log space (McCallum, Nigam: A comparison of event models for naive
 * Bayes text classification, 1998).
 */
export function fitMultinomialNaiveBayes(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
): LinearWeights {
  const { byFeature, byLabel, documents } = totalsOf(matrix, rows, targets, labels);
  const smoothed = smoothing * matrix.features;
  const weightOf = (feature: number, label: number) =>
    Math.log((byFeature[feature * labels + label]! + smoothing) / (byLabel[label]! + smoothed));
  const bias = Float64Array.from(documents, (count) => Math.log((count + 1) / (rows.length + labels)));
  return toColumns(matrix.features, labels, weightOf, bias);
}

/**
 * Complement naive Bayes: a label's weights come from all the other labels' documents, which evens out labels of unequal
 * size (Rennie, Shih, Teevan, Karger: Tackling the poor assumptions of naive Bayes text classifiers, 2003).
 */
export function fitComplementNaiveBayes(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
): LinearWeights {
  const { byFeature, byLabel } = totalsOf(matrix, rows, targets, labels);
  const smoothed = smoothing * matrix.features;
  const total = byLabel.reduce((sum, value) => sum + value, 0);
  const ofFeature = new Float64Array(matrix.features);
  for (let feature = 0; feature < matrix.features; feature += 1) {
    for (let label = 0; label < labels; label += 1) ofFeature[feature]! += byFeature[feature * labels + label]!;
  }
  const weightOf = (feature: number, label: number) =>
    -Math.log(
      (ofFeature[feature]! - byFeature[feature * labels + label]! + smoothing) / (total - byLabel[label]! + smoothed),
    );
  return toColumns(matrix.features, labels, weightOf, new Float64Array(labels));
}

function toColumns(
  features: number,
  labels: number,
  weightOf: (feature: number, label: number) => number,
  labelBias: Float64Array,
): LinearWeights {
  const columns = columnsFor(labels);
  const weights = new Float32Array(features * columns);
  for (let feature = 0; feature < features; feature += 1) {
    if (columns === 1) {
      weights[feature] = weightOf(feature, 1) - weightOf(feature, 0);
      continue;
    }
    // Only differences between labels count, and small numbers keep their digits in 32 bits.
    let mean = 0;
    for (let label = 0; label < labels; label += 1) mean += weightOf(feature, label) / labels;
    for (let label = 0; label < labels; label += 1) weights[feature * labels + label] = weightOf(feature, label) - mean;
  }
  const bias = columns === 1 ? Float64Array.of(labelBias[1]! - labelBias[0]!) : labelBias;
  return { columns, weights, bias };
}
