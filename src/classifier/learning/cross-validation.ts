import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LearnerName } from '../scoring/algorithm-names.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { fitLearner } from './algorithms.ts';

/** Documents with their labels. */
export interface LabelledMatrix {
  readonly matrix: WeightedMatrix;
  /** The label number of each row. */
  readonly targets: Uint32Array;
  /** The number of labels. */
  readonly labels: number;
}

/**
 * Scores every document by a model that did not see it: the model of a fold learns from all other folds.
 *
 * @param folds the fold of each document, 0 to `foldCount` - 1
 * @returns the scores of each document, one for each column, document by document
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
  const allRows = Uint32Array.from(targets.keys());
  const scores = new Float64Array(matrix.rowCount * columns);
  for (let fold = 0; fold < foldCount; fold += 1) {
    const rows = allRows.filter((row) => folds[row] !== fold);
    const model = fitLearner(learner, matrix, rows, targets, labels, seed, true);
    for (let row = 0; row < matrix.rowCount; row += 1) {
      if (folds[row] === fold) scoreRow(model, matrix, row, scores.subarray(row * columns, (row + 1) * columns));
    }
    onFold();
  }
  return scores;
}
