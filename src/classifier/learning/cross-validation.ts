import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { LearnerName } from '../scoring/algorithm-names.ts';
import { scoresOf } from '../scoring/classifier.ts';
import { correctScores, type EvidenceCalibration, labelOffsets } from '../scoring/evidence-calibration.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';
import type { LabelledPrediction } from '../statistics/evaluation.ts';
import { fitLearner } from './algorithms.ts';
import { createRandom, shuffle } from './random.ts';

/** Documents with their labels. */
export interface LabelledMatrix {
  readonly matrix: WeightedMatrix;
  /** The label number of each row. */
  readonly targets: Uint32Array;
  /** The number of labels. */
  readonly labels: number;
  /** The number of documents. The rows after them are excerpts. */
  readonly documents: number;
  /** The weight of each row in the fit. */
  readonly rowWeights: Float32Array;
  /** The number of features of each row. */
  readonly evidence: Uint32Array;
}

/** Returns the number of features of each row. */
export function countEvidence({ rowCount, rowStarts }: WeightedMatrix): Uint32Array {
  return Uint32Array.from({ length: rowCount }, (_, row) => rowStarts[row + 1]! - rowStarts[row]!);
}

/** Returns the share of each label. */
export function labelShares(targets: Uint32Array, labels: number): Float64Array {
  const shares = new Float64Array(labels);
  for (const target of targets) shares[target]! += 1 / targets.length;
  return shares;
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
  const { matrix, targets, labels, rowWeights } = data;
  const columns = columnsFor(labels);
  const allRows = Uint32Array.from(targets.keys());
  const scores = new Float64Array(matrix.rowCount * columns);
  for (let fold = 0; fold < foldCount; fold += 1) {
    const rows = allRows.filter((row) => folds[row] !== fold);
    const model = fitLearner(learner, matrix, rows, targets, labels, { seed, rowWeights, isRough: true });
    for (let row = 0; row < matrix.rowCount; row += 1) {
      if (folds[row] === fold) scoreRow(model, matrix, row, scores.subarray(row * columns, (row + 1) * columns));
    }
    onFold();
  }
  return scores;
}

/** A prediction by a model that did not see the document. */
export interface OutOfFoldPrediction extends LabelledPrediction {
  /** The probability of each label, if they are kept. */
  readonly probabilities?: Float64Array;
}

/**
 * Turns the scores from cross-validation into calibrated predictions, one for each document, next to its true label.
 *
 * @param scores `columns` scores for each document
 * @param prior the share of each label
 * @param keepsProbabilities whether each prediction has the probabilities of all labels
 */
export function predictOutOfFold(
  scores: Float64Array,
  columns: number,
  calibration: EvidenceCalibration,
  { targets, evidence }: Pick<LabelledMatrix, 'targets' | 'evidence'>,
  labels: readonly string[],
  prior: Float64Array,
  keepsProbabilities = false,
): OutOfFoldPrediction[] {
  const probabilities = new Float64Array(labels.length);
  const offsets = labelOffsets(prior);
  const firstLabel = labels.length - columns;
  return Array.from({ length: scores.length / columns }, (_, row) => {
    probabilities.fill(0);
    probabilities.set(scores.subarray(row * columns, (row + 1) * columns), firstLabel);
    correctScores(probabilities, calibration, offsets, evidence[row]!);
    softmaxInPlace(probabilities);
    const prediction = labelledPrediction(labels, probabilities, targets[row]!);
    return keepsProbabilities ? { ...prediction, probabilities: probabilities.slice() } : prediction;
  });
}

/** Returns the prediction of some probabilities next to the true label, whose number is `target`. */
export function labelledPrediction(
  labels: readonly string[],
  probabilities: Float64Array,
  target: number,
): LabelledPrediction {
  const { label: predicted, confidence } = scoresOf(labels, probabilities);
  return { actual: labels[target]!, predicted, confidence, actualProbability: probabilities[target]! };
}

/**
 * Divides documents into folds of about equal size, with each label spread over all folds (stratified). Documents with
 * the same key get the same fold: otherwise a model would already know the copies of a document that it is tested on.
 *
 * @param targets the label number of each document
 * @param keys a hash of each document's content
 * @returns the fold of each document, 0 to `foldCount` - 1
 */
export function assignFolds(targets: Uint32Array, keys: Int32Array, foldCount: number, seed: number): Uint8Array {
  const order = Uint32Array.from(targets, (_, row) => row);
  shuffle(order, createRandom(seed));
  const folds = new Uint8Array(targets.length);
  const foldOfKey = new Map<number, number>();
  const nextFold = new Map<number, number>();
  for (const row of order) {
    const target = targets[row]!;
    let fold = foldOfKey.get(keys[row]!);
    if (fold === undefined) {
      // Each label starts at another fold, so that folds have equal sizes even if most labels have few documents.
      fold = (nextFold.get(target) ?? target) % foldCount;
      nextFold.set(target, fold + 1);
      foldOfKey.set(keys[row]!, fold);
    }
    folds[row] = fold;
  }
  return folds;
}
