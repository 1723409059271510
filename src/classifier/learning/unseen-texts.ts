import type { DocumentMatrix } from '../features/document-matrix.ts';
import { createDocumentView } from '../features/document-view.ts';
import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { AlgorithmName } from '../scoring/algorithm-names.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate, type LabelledPrediction } from '../statistics/evaluation.ts';
import { combineModels, fitLearner, learnersIn } from './algorithms.ts';
import { type LabelledMatrix, predictOutOfFold } from './cross-validation.ts';
import { assignFolds } from './folds.ts';
import { type CrossValidationResult, compareAlgorithms } from './model-selection.ts';

/** The share of the texts that take no part in any choice, if the options name none. */
export const DEFAULT_TEST_SHARE = 0.1;

/**
 * The product of matrix entries and columns up to which each text is a test text once (nested cross-validation). It costs a
 * whole selection for each part, which such data make in a fraction of a second, and a tenth of few texts says little.
 */
const MAX_SIZE_FOR_NESTING = 200_000;

/** The number of different texts that two labels must have for test texts to be set aside. */
const MIN_TEXTS_OF_A_LABEL = 3;

/**
 * The product of documents and labels above which cross-validation has 3 folds instead of 5. Each fold is one more
 * training: many labels make it slow, and with many documents few folds are enough.
 */
const MAX_SIZE_FOR_FIVE_FOLDS = 500_000;

/** The origin of the texts of an evaluation, as the manifest names it. */
export type SelectionMethod = 'held-out-share' | 'nested-cross-validation' | 'cross-validation';

/** The documents of a training. */
export interface TrainingDocuments {
  readonly counts: DocumentMatrix;
  /** Returns the vectors of all documents, with the features and weights of all documents. */
  readonly vectors: () => WeightedMatrix;
  /** The label number of each document. */
  readonly targets: Uint32Array;
  /** A hash of each document's text. */
  readonly keys: Int32Array;
  readonly labels: readonly string[];
  /** The number of documents in which a feature must occur. */
  readonly minDocuments: number;
}

/** Options of {@link selectModel}. */
export interface SelectionOptions {
  readonly algorithms: readonly AlgorithmName[];
  readonly seed: number;
  /** The share of the documents that take no part in any choice; 0 for none. */
  readonly testShare: number;
  /** Called after each fold of each learner. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The chosen algorithm, and its quality. */
export interface Selection {
  /** The results of all algorithms in cross-validation, best first. */
  readonly results: readonly CrossValidationResult[];
  /** A prediction for every document, by a model that did not see the document. */
  readonly predictions: readonly LabelledPrediction[];
  /** The evaluation on documents that no choice has seen; with the method `cross-validation` the choices have seen them. */
  readonly evaluation: Evaluation;
  readonly method: SelectionMethod;
}

/**
 * Chooses the algorithm, its blend and its calibration, and measures the whole procedure on documents that take no part in it:
 * features, weights and every choice come from the other documents. The best of several algorithms on the same documents is
 * best by chance too, so its own figure is too high (Cawley and Talbot: On over-fitting in model selection, 2010).
 *
 * Large data have one part for the test, and the choices of the other parts are final. Of small data each part is tested once.
 */
export function selectModel(documents: TrainingDocuments, options: SelectionOptions): Selection {
  const { counts, targets, keys, labels } = documents;
  const { algorithms, seed, testShare } = options;
  const partCount = testShare === 0 ? 0 : Math.round(1 / testShare);
  if (partCount === 0 || !haveEnoughTexts(documents)) {
    const results = chooseFrom(documents, options, options.onProgress);
    const { predictions, evaluation } = results[0]!;
    return { results, predictions, evaluation, method: 'cross-validation' };
  }
  const parts = assignFolds(targets, keys, partCount, seed);
  const isSmall = counts.columns.length * columnsFor(labels.length) <= MAX_SIZE_FOR_NESTING;
  const tested = isSmall ? [...new Set(parts)] : [0];
  const runs = tested.length + (isSmall ? 1 : 0);
  let finished = 0;
  const onProgress = (done: number, total: number) => {
    options.onProgress(finished * total + done, runs * total);
    if (done === total) finished += 1;
  };

  const unseen = new Map<number, LabelledPrediction>();
  let results: CrossValidationResult[] = [];
  const predictions: LabelledPrediction[] = [];
  for (const part of tested) {
    const { learning, test } = splitOff(part, parts, documents);
    const choice = chooseWithout(learning, test, documents, { ...options, algorithms, onProgress });
    for (const [index, row] of test.entries()) unseen.set(row, choice.predictions[index]!);
    if (isSmall) continue;
    results = choice.results;
    for (const [index, row] of learning.entries()) predictions[row] = results[0]!.predictions[index]!;
    for (const [row, prediction] of unseen) predictions[row] = prediction;
  }
  if (isSmall) results = chooseFrom(documents, options, onProgress);
  return {
    results,
    predictions: isSmall ? results[0]!.predictions : predictions,
    evaluation: evaluate([...unseen.values()]),
    method: isSmall ? 'nested-cross-validation' : 'held-out-share',
  };
}

/** Returns whether two labels have enough different texts, so that each part of a division can still be learned. */
function haveEnoughTexts({ targets, keys, labels }: TrainingDocuments): boolean {
  const texts = labels.map(() => new Set<number>());
  for (const [row, target] of targets.entries()) {
    const known = texts[target]!;
    if (known.size < MIN_TEXTS_OF_A_LABEL) known.add(keys[row]!);
  }
  return texts.filter(({ size }) => size === MIN_TEXTS_OF_A_LABEL).length >= 2;
}

/** Returns the rows of a part, and the others. A label that occurs in this part only stays among the others. */
function splitOff(part: number, parts: Uint8Array, { targets, labels }: TrainingDocuments) {
  const remaining = new Uint32Array(labels.length);
  for (const [row, target] of targets.entries()) if (parts[row] !== part) remaining[target]! += 1;
  const isTest = (row: number) => parts[row] === part && remaining[targets[row]!]! > 0;
  const rows = Uint32Array.from(targets.keys());
  return { learning: rows.filter((row) => !isTest(row)), test: rows.filter(isTest) };
}

/** Chooses by some documents, and predicts the test documents with a model of the choice that learned from the same ones. */
function chooseWithout(
  learning: Uint32Array,
  test: Uint32Array,
  documents: TrainingDocuments,
  options: SelectionOptions,
): { results: CrossValidationResult[]; predictions: LabelledPrediction[] } {
  const { counts, targets, keys, labels, minDocuments } = documents;
  const view = createDocumentView(counts, learning, minDocuments);
  const vectors = view(learning);
  const subset = {
    ...documents,
    vectors: () => vectors,
    targets: learning.map((row) => targets[row]!),
    keys: Int32Array.from(learning, (row) => keys[row]!),
  };
  const results = chooseFrom(subset, options, options.onProgress);
  const { algorithm, scales, shift } = results[0]!;
  const allRows = Uint32Array.from(learning.keys());
  const fitted = learnersIn(algorithm).map((learner) =>
    fitLearner(learner, vectors, allRows, subset.targets, labels.length, options.seed, true),
  );
  const model = combineModels(fitted, scales, shift);
  const testVectors = view(test);
  const scores = new Float64Array(test.length * model.columns);
  for (const at of test.keys()) {
    scoreRow(model, testVectors, at, scores.subarray(at * model.columns, (at + 1) * model.columns));
  }
  const testTargets = test.map((row) => targets[row]!);
  return { results, predictions: predictOutOfFold(scores, model.columns, { scale: 1, shift: 0 }, testTargets, labels) };
}

function chooseFrom(
  { vectors, targets, keys, labels }: TrainingDocuments,
  { algorithms, seed }: SelectionOptions,
  onProgress: SelectionOptions['onProgress'],
): CrossValidationResult[] {
  const data: LabelledMatrix = { matrix: vectors(), targets, labels: labels.length };
  const foldCount = targets.length * labels.length > MAX_SIZE_FOR_FIVE_FOLDS ? 3 : 5;
  const folds = assignFolds(targets, keys, foldCount, seed);
  return compareAlgorithms(algorithms, data, labels, folds, foldCount, seed, onProgress);
}
