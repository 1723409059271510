import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LearnerName } from '../scoring/algorithm-names.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { fitLearner } from './algorithms.ts';

/** What cross-validation is run on. */
export interface LabelledMatrix {
  readonly matrix: WeightedMatrix;
  readonly targets: Uint32Array;
  readonly labels: number;
}

/**
 * Scores of every document by a model that never saw it.
 *
 * @param folds the fold of each document, 0 to `foldCount` - 1
 * @returns a row of scores for each document, one a column
 */
export function scoreOutOfFold(
  learner: LearnerName,
  data: LabelledMatrix,
  folds: Uint8Array,
  foldCount: number,
  seed: number,
  onFold: () => void,
): Float64Array {
  const { matrix, targets, labels } = data;
  const columns = columnsFor(labels);
  const everyRow = Uint32Array.from(targets.keys());
  const all = new Float64Array(matrix.rows * columns);
  for (let fold = 0; fold < foldCount; fold += 1) {
    const rows = everyRow.filter((row) => folds[row] !== fold);
    const model = fitLearner(learner, matrix, rows, targets, labels, seed);
    for (let row = 0; row < matrix.rows; row += 1) {
      if (folds[row] === fold) scoreRow(model, matrix, row, all.subarray(row * columns, (row + 1) * columns));
    }
    onFold();
  }
  return all;
}
