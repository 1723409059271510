import type { DocumentMatrix } from '../features/document-matrix.ts';
import { createDocumentView, type DocumentView } from '../features/document-view.ts';
import type { WeightedMatrix } from '../features/tf-idf.ts';
import type { AlgorithmName } from '../scoring/algorithm-names.ts';
import { columnsFor, scoreRow } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate } from '../statistics/evaluation.ts';
import { combineModels, fitLearner, learnersIn } from './algorithms.ts';
import {
  assignFolds,
  countEvidence,
  labelShares,
  type OutOfFoldPrediction,
  predictOutOfFold,
} from './cross-validation.ts';
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

/** The documents of a training, and excerpts of them, which only help to learn. */
export interface TrainingDocuments {
  /** The rows of the documents, and after them those of the excerpts. */
  readonly counts: DocumentMatrix;
  /** Returns the vectors of all rows, with the features and weights of all documents. */
  readonly vectors: () => WeightedMatrix;
  /** The label number of each row. */
  readonly targets: Uint32Array;
  /** A hash of the text of each document. Its length is the number of documents. */
  readonly keys: Int32Array;
  /** The document of each row. */
  readonly sources: Uint32Array;
  /** The weight of each row in a fit. */
  readonly rowWeights: Float32Array;
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
  /** If true, each prediction has the probabilities of all labels. */
  readonly keepsProbabilities?: boolean | undefined;
  /** Called after each fold of each learner. */
  readonly onProgress: (done: number, total: number) => void;
}

/** The chosen algorithm, and its quality. */
export interface Selection {
  /** The results of all algorithms in cross-validation, best first. */
  readonly results: readonly CrossValidationResult[];
  /** A prediction for every document, by a model that did not see the document. */
  readonly predictions: readonly OutOfFoldPrediction[];
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
  const { counts, keys, labels } = documents;
  const targets = documentTargets(documents);
  const { algorithms, seed, testShare } = options;
  const partCount = testShare === 0 ? 0 : Math.round(1 / testShare);
  if (partCount === 0 || !haveEnoughTexts(documents)) {
    const results = chooseFrom(documents, options, options.onProgress);
    const { predictions, evaluation } = results[0]!;
    return { results, predictions, evaluation, method: 'cross-validation' };
  }
  const parts = assignFolds(targets, keys, partCount, seed);
  const isSmall = counts.rowStarts[keys.length]! * columnsFor(labels.length) <= MAX_SIZE_FOR_NESTING;
  const tested = isSmall ? [...new Set(parts)] : [0];
  const runs = tested.length + (isSmall ? 1 : 0);
  let finished = 0;
  const onProgress = (done: number, total: number) => {
    options.onProgress(finished * total + done, runs * total);
    if (done === total) finished += 1;
  };

  const unseen = new Map<number, OutOfFoldPrediction>();
  let results: CrossValidationResult[] = [];
  const predictions: OutOfFoldPrediction[] = [];
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

function documentTargets({ targets, keys }: TrainingDocuments): Uint32Array {
  return targets.subarray(0, keys.length);
}

/** Returns whether two labels have enough different texts, so that each part of a division can still be learned. */
function haveEnoughTexts(documents: TrainingDocuments): boolean {
  const { keys, labels } = documents;
  const texts = labels.map(() => new Set<number>());
  for (const [row, target] of documentTargets(documents).entries()) {
    const known = texts[target]!;
    if (known.size < MIN_TEXTS_OF_A_LABEL) known.add(keys[row]!);
  }
  return texts.filter(({ size }) => size === MIN_TEXTS_OF_A_LABEL).length >= 2;
}

/** Returns the documents of a part, and the others. A label that occurs in this part only stays among the others. */
function splitOff(part: number, parts: Uint8Array, documents: TrainingDocuments) {
  const targets = documentTargets(documents);
  const remaining = new Uint32Array(documents.labels.length);
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
): { results: CrossValidationResult[]; predictions: OutOfFoldPrediction[] } {
  const { counts, targets, labels, minDocuments } = documents;
  const view = createDocumentView(counts, learning, minDocuments);
  const subset = selectDocuments(learning, documents, view);
  const vectors = subset.vectors();
  const results = chooseFrom(subset, options, options.onProgress);
  const { algorithm, scales, shift, evidence } = results[0]!;
  const allRows = Uint32Array.from(subset.targets.keys());
  const fitted = learnersIn(algorithm).map((learner) =>
    fitLearner(learner, vectors, allRows, subset.targets, labels.length, {
      seed: options.seed,
      rowWeights: subset.rowWeights,
      isRough: true,
    }),
  );
  const model = combineModels(fitted, scales, shift);
  const testVectors = view(test);
  const scores = new Float64Array(test.length * model.columns);
  for (const at of test.keys()) {
    scoreRow(model, testVectors, at, scores.subarray(at * model.columns, (at + 1) * model.columns));
  }
  const tested = { targets: test.map((row) => targets[row]!), evidence: countEvidence(testVectors) };
  const prior = labelShares(documentTargets(subset), labels.length);
  const { keepsProbabilities } = options;
  const predictions = predictOutOfFold(scores, model.columns, evidence, tested, labels, prior, keepsProbabilities);
  return { results, predictions };
}

/** Returns some documents with their excerpts. */
function selectDocuments(selected: Uint32Array, documents: TrainingDocuments, view: DocumentView): TrainingDocuments {
  const { targets, keys, sources, rowWeights } = documents;
  const numbers = new Int32Array(keys.length).fill(-1);
  for (const [number, document] of selected.entries()) numbers[document] = number;
  const rows = new Uint32Array(targets.length);
  rows.set(selected);
  let used = selected.length;
  for (let row = keys.length; row < targets.length; row += 1) {
    if (numbers[sources[row]!]! < 0) continue;
    rows[used] = row;
    used += 1;
  }
  const kept = rows.subarray(0, used);
  const vectors = view(kept);
  return {
    ...documents,
    vectors: () => vectors,
    targets: kept.map((row) => targets[row]!),
    keys: Int32Array.from(selected, (row) => keys[row]!),
    sources: kept.map((row) => numbers[sources[row]!]!),
    rowWeights: Float32Array.from(kept, (row) => rowWeights[row]!),
  };
}

function chooseFrom(
  { vectors, targets, keys, sources, rowWeights, labels }: TrainingDocuments,
  { algorithms, seed, keepsProbabilities }: SelectionOptions,
  onProgress: SelectionOptions['onProgress'],
): CrossValidationResult[] {
  const documents = keys.length;
  const foldCount = documents * labels.length > MAX_SIZE_FOR_FIVE_FOLDS ? 3 : 5;
  const documentFolds = assignFolds(targets.subarray(0, documents), keys, foldCount, seed);
  const folds = Uint8Array.from(sources, (document) => documentFolds[document]!);
  const matrix = vectors();
  const data = { matrix, targets, labels: labels.length, documents, rowWeights, evidence: countEvidence(matrix) };
  return compareAlgorithms(algorithms, data, labels, folds, foldCount, seed, onProgress, keepsProbabilities);
}
