import type { WeightedMatrix } from '../features/tf-idf.ts';

/**
 * A linear model over weighted documents. Two labels need one column, whose score speaks for the second label; more
 * labels have a column each. Weights are stored feature by feature, the columns of one feature side by side.
 */
export interface LinearWeights {
  readonly columns: number;
  readonly weights: Float32Array;
  readonly bias: Float64Array;
}

export function columnsFor(labels: number): number {
  return labels === 2 ? 1 : labels;
}

/** Scores of one row for each column, into `scores`. */
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

/** Adds `scale` times another model to a model of the same shape. */
export function addWeights(to: LinearWeights, other: LinearWeights, scale: number): void {
  for (let at = 0; at < to.weights.length; at += 1) to.weights[at]! += scale * other.weights[at]!;
  for (let at = 0; at < to.bias.length; at += 1) to.bias[at]! += scale * other.bias[at]!;
}
