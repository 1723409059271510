import type { WeightedMatrix } from '../features/tf-idf.ts';

/**
 * A linear model over weighted documents. With two labels it has one column: its score is the log-odds of the second
 * label. With more labels it has one column for each label. Weights are stored feature by feature, so the columns of
 * one feature stand side by side.
 */
export interface LinearWeights {
  /** The number of columns. */
  readonly columns: number;
  readonly weights: Float32Array;
  /** One value for each column. */
  readonly bias: Float64Array;
}

/** Returns the number of columns of a linear model with `labels` labels. */
export function columnsFor(labels: number): number {
  return labels === 2 ? 1 : labels;
}

/** Writes the scores of one row, one for each column, into `scores`: bias plus the sum of values times weights. */
export function scoreRow(model: LinearWeights, matrix: WeightedMatrix, row: number, scores: Float64Array): void {
  const { columns, weights, bias } = model;
  scores.set(bias);
  const end = matrix.rowStarts[row + 1]!;
  for (let at = matrix.rowStarts[row]!; at < end; at += 1) {
    const value = matrix.values[at]!;
    const base = matrix.columns[at]! * columns;
    for (let column = 0; column < columns; column += 1) {
      scores[column]! += value * weights[base + column]!;
    }
  }
}

/** Adds `scale` times the second model to the first model, in place. Both models have the same shape. */
export function addWeights(to: LinearWeights, other: LinearWeights, scale: number): void {
  for (let at = 0; at < to.weights.length; at += 1) to.weights[at]! += scale * other.weights[at]!;
  for (let at = 0; at < to.bias.length; at += 1) to.bias[at]! += scale * other.bias[at]!;
}
