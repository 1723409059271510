import type { WeightedMatrix } from '../features/tf-idf.ts';
import { fitCalibration } from '../learning/calibration.ts';
import { fitLogisticRegression } from '../learning/logistic-regression.ts';
import { fitSoftmaxRegression } from '../learning/softmax-regression.ts';
import { columnsFor, type LinearWeights, scoreRow } from '../scoring/linear-weights.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';

/** The embeddings of documents with their labels. */
export interface EmbeddedDocuments {
  /** The embeddings, one after the other. */
  readonly embeddings: Float32Array;
  readonly dimensions: number;
  /** The label number of each document. */
  readonly targets: Uint32Array;
  /** The number of labels. */
  readonly labels: number;
}

/** A head, and what it predicts for documents that it did not see. */
export interface TrainedHead {
  /** The head, with calibrated scores. */
  readonly head: LinearWeights;
  /** The probabilities of each document, by a head that did not learn from it; one for each label. */
  readonly outOfFold: Float64Array;
}

/**
 * The inverse strengths of the L2 penalty, weakest last. Embeddings have length 1 and are dense, so a weaker penalty than that of
 * words is good for many documents, and a stronger one for few. The comparison starts at the middle.
 */
const COSTS = [1, 3, 10, 30, 100] as const;
const FIRST_COST = 2;
/** The number of passes of a fit that only serves the comparison, and of the final one. */
const ROUGH_PASSES = 15;
const FINAL_PASSES = 40;
const TOLERANCE = 5e-3;

/** The number of documents above which costs are compared on one fold only. */
const MAX_DOCUMENTS_FOR_ALL_FOLDS = 1_000;
/** The number of costs of a usual comparison, for the progress. */
const USUAL_COMPARISONS = 3;

/**
 * Trains a head: softmax regression on embeddings (logistic regression for two labels) with an L2 penalty. The penalty is that
 * of lowest log loss in cross-validation, and the scores are calibrated on the same folds.
 *
 * @param folds the fold of each document, 0 to `foldCount` - 1
 * @param onProgress called after each fit
 */
export function trainHead(
  documents: EmbeddedDocuments,
  folds: Uint8Array,
  foldCount: number,
  seed: number,
  onProgress: (done: number, total: number) => void,
): TrainedHead {
  const { targets, labels } = documents;
  const matrix = toMatrix(documents);
  const columns = columnsFor(labels);
  const allRows = Uint32Array.from(targets.keys());
  const comparedFolds = targets.length > MAX_DOCUMENTS_FOR_ALL_FOLDS ? 1 : foldCount;
  const total = USUAL_COMPARISONS * comparedFolds + (foldCount - comparedFolds) + 1;
  let done = 0;

  function fitHead(rows: Uint32Array, cost: number, maxPasses: number): LinearWeights {
    const options = { cost, seed, maxPasses, tolerance: TOLERANCE, isRough: true, endsAfterPasses: true };
    const head =
      labels === 2
        ? fitLogisticRegression(matrix, rows, targets, options)
        : fitSoftmaxRegression(matrix, rows, targets, labels, options);
    done += 1;
    onProgress(Math.min(done, total), total);
    return head;
  }

  /** Scores the documents of a fold by a head that learned from the other folds. */
  function scoreFold(fold: number, cost: number, scores: Float64Array): void {
    const learning = allRows.filter((row) => folds[row] !== fold);
    const head = fitHead(learning, cost, ROUGH_PASSES);
    for (const row of allRows) {
      if (folds[row] === fold) scoreRow(head, matrix, row, scores.subarray(row * columns, (row + 1) * columns));
    }
  }

  function compare(cost: number) {
    const scores = new Float64Array(targets.length * columns);
    for (let fold = 0; fold < comparedFolds; fold += 1) scoreFold(fold, cost, scores);
    const rows = allRows.filter((row) => folds[row]! < comparedFolds);
    return { cost, scores, loss: calibratedLoss(scores, columns, targets, rows, labels) };
  }

  const { cost, scores } = findBest(compare);
  for (let fold = comparedFolds; fold < foldCount; fold += 1) scoreFold(fold, cost, scores);
  const { scale, shift } = fitCalibration(scores, columns, targets);
  const { weights, bias } = fitHead(allRows, cost, FINAL_PASSES);
  return {
    head: {
      columns,
      weights: weights.map((weight) => scale * weight),
      bias: bias.map((value) => scale * value + shift),
    },
    outOfFold: toProbabilities(
      scores.map((score) => scale * score + shift),
      columns,
      labels,
    ),
  };
}

/** Finds the cost of lowest loss: from the first cost on, as long as a neighbour is better. The loss has one minimum. */
function findBest<T extends { readonly loss: number }>(compare: (cost: number) => T): T {
  let best = compare(COSTS[FIRST_COST]);
  for (const step of [1, -1]) {
    const before = best;
    for (let at = FIRST_COST + step; COSTS[at] !== undefined; at += step) {
      const other = compare(COSTS[at]!);
      if (other.loss >= best.loss) break;
      best = other;
    }
    if (best !== before) break;
  }
  return best;
}

/** Returns the probabilities of scores, one for each label. */
export function toProbabilities(scores: Float64Array, columns: number, labels: number): Float64Array {
  const documents = scores.length / columns;
  const probabilities = new Float64Array(documents * labels);
  for (let row = 0; row < documents; row += 1) {
    const own = probabilities.subarray(row * labels, (row + 1) * labels);
    own.set(scores.subarray(row * columns, (row + 1) * columns), labels - columns);
    softmaxInPlace(own);
  }
  return probabilities;
}

/** Returns the mean log loss of some rows after calibration on the same rows. */
function calibratedLoss(
  scores: Float64Array,
  columns: number,
  targets: Uint32Array,
  rows: Uint32Array,
  labels: number,
): number {
  const own = new Float64Array(rows.length * columns);
  for (const [at, row] of rows.entries()) own.set(scores.subarray(row * columns, (row + 1) * columns), at * columns);
  const ownTargets = rows.map((row) => targets[row]!);
  const { scale, shift } = fitCalibration(own, columns, ownTargets);
  const probabilities = toProbabilities(
    own.map((score) => scale * score + shift),
    columns,
    labels,
  );
  let loss = 0;
  for (const [at, target] of ownTargets.entries()) loss -= Math.log(probabilities[at * labels + target]!);
  return loss / rows.length;
}

/** Returns embeddings in the form of the solvers, with an entry for each value. */
function toMatrix({ embeddings, dimensions, targets }: EmbeddedDocuments): WeightedMatrix {
  const rowCount = targets.length;
  return {
    rowCount,
    featureCount: dimensions,
    wordFeatureCount: dimensions,
    rowStarts: Float64Array.from({ length: rowCount + 1 }, (_, row) => row * dimensions),
    columns: Uint32Array.from({ length: rowCount * dimensions }, (_, at) => at % dimensions),
    values: embeddings,
  };
}
