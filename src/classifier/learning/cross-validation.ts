import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LearnerName } from '../scoring/algorithm-names.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';
import type { LabelledPrediction } from '../statistics/evaluation.ts';
import { fitLearner } from './algorithms.ts';
import type { Calibration } from './calibration.ts';

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

/**
 * Turns the scores from cross-validation into calibrated predictions, one for each document, next to its true label.
 *
 * @param scores `columns` scores for each document
 * @param targets the label number of each document
 */
export function predictOutOfFold(
  scores: Float64Array,
  columns: number,
  { scale, shift }: Calibration,
  targets: Uint32Array,
  labels: readonly string[],
): LabelledPrediction[] {
  const probabilities = new Float64Array(labels.length);
  const firstLabel = labels.length - columns;
  return Array.from(targets, (target, row) => {
    probabilities.fill(0);
    for (let column = 0; column < columns; column += 1) {
      probabilities[firstLabel + column] = scale * scores[row * columns + column]! + shift;
    }
    softmaxInPlace(probabilities);
    let best = 0;
    for (let at = 1; at < probabilities.length; at += 1) if (probabilities[at]! > probabilities[best]!) best = at;
    return {
      actual: labels[target]!,
      predicted: labels[best]!,
      confidence: probabilities[best]!,
      actualProbability: probabilities[target]!,
    };
  });
}
