import { createCountVectorizer } from '../features/count-vectorizer.ts';
import { appendDocuments, buildMatrix } from '../features/document-matrix.ts';
import { takeExcerpts } from '../features/excerpts.ts';
import { decodeIdf, type WeightedMatrix, weighMatrix } from '../features/tf-idf.ts';
import { leaveOneOutUnknownRatio } from '../features/training-words.ts';
import { selectVocabulary } from '../features/vocabulary.ts';
import { ALGORITHM_NAMES, type AlgorithmName, type EncoderAlgorithm } from '../scoring/algorithm-names.ts';
import { type LinearModel, quantise } from '../scoring/linear-model.ts';
import { computeThresholds, type Thresholds } from '../statistics/anomalies.ts';
import type { Evaluation } from '../statistics/evaluation.ts';
import { buildReference, type Observation, type Reference } from '../statistics/training-reference.ts';
import { addHash, createHashIndex, findHash, hashesInOrder } from '../text/hash-index.ts';
import { hashString } from '../text/hashing.ts';
import { combineModels, fitLearner, learnersIn } from './algorithms.ts';
import type { OutOfFoldPrediction } from './cross-validation.ts';
import { createRandom } from './random.ts';
import { TrainingDataError, type TrainingOptions, type TrainingProgress } from './training-options.ts';
import { DEFAULT_TEST_SHARE, type SelectionMethod, selectModel } from './unseen-texts.ts';

/** From this number of documents on, a feature must occur in two documents or more. */
const MIN_DOCUMENTS_TO_DROP_FEATURES = 1000;
/** The maximum size of data, in bytes, from which excerpts are taken too. */
const MAX_BYTES_WITH_EXCERPTS = 64_000_000;

/** The quality of one algorithm in cross-validation. */
export interface Candidate {
  readonly algorithm: AlgorithmName | EncoderAlgorithm;
  readonly accuracy: number;
  /** In nats (natural logarithm), the mean over documents. */
  readonly logLoss: number;
}

/** The result of training. */
export interface TrainedModel {
  readonly model: LinearModel;
  /** All compared algorithms, best first. */
  readonly candidates: readonly Candidate[];
  /** The evaluation of the whole procedure, on documents that no choice has seen. See {@link selectModel}. */
  readonly evaluation: Evaluation;
  readonly evaluationMethod: SelectionMethod;
  /** The share of the documents that took no part in the choices of the evaluated model; 0 if there were none. */
  readonly testShare: number;
  /** The label of each document by a model that did not learn from it, in the order in which the documents were added. */
  readonly outOfFoldLabels: readonly string[];
  /** The probabilities of each document by such a model, one for each label, if the options keep them. */
  readonly outOfFold?: Float64Array | undefined;
  /** The observations of the documents, from which the reference and the thresholds come. */
  readonly observations: readonly Observation[];
  readonly reference: Reference;
  readonly thresholds: Thresholds;
  /** The number of training documents. */
  readonly documents: number;
  readonly documentsByLabel: Readonly<Record<string, number>>;
}

/** A trainer, for one use: it takes documents one by one, and then trains. */
export interface Trainer {
  add(text: string, label: string): void;
  /** @throws TrainingDataError if the documents cannot train a classifier */
  finish(): TrainedModel;
}

/** Creates a trainer without documents. */
export function createTrainer(options: TrainingOptions): Trainer {
  const vectorizer = createCountVectorizer(options.tokenizer, options.dataBytes);
  const documentLabels: string[] = [];
  const textHashes: number[] = [];
  const lengths: number[] = [];
  // The document and the weight of each excerpt.
  const excerptDocuments: number[] = [];
  const excerptWeights: number[] = [];
  const random = createRandom(options.seed);
  const takesExcerpts = (options.dataBytes ?? 0) <= MAX_BYTES_WITH_EXCERPTS;

  function add(text: string, label: string): void {
    const excerpts = takesExcerpts ? takeExcerpts(text, random) : [];
    for (const { weight } of excerpts) {
      excerptDocuments.push(lengths.length);
      excerptWeights.push(weight);
    }
    const excerptTexts = excerpts.map((excerpt) => excerpt.text);
    vectorizer.add(text, excerptTexts);
    documentLabels.push(label);
    textHashes.push(hashString(text));
    lengths.push(text.length);
  }

  function finish(): TrainedModel {
    const labels = [...new Set(documentLabels)].sort();
    const labelNumbers = new Map(labels.map((label, at) => [label, at]));
    const documentTargets = Uint32Array.from(documentLabels, (label) => labelNumbers.get(label)!);
    const documents = documentTargets.length;
    const documentCounts = new Float64Array(labels.length);
    for (const target of documentTargets) documentCounts[target]! += 1;
    checkLabels(labels, documentCounts);
    const { features, words, characters, collector, excerpts, trainingWords, frequentStems } = vectorizer.finish();

    const minDocuments = documents < MIN_DOCUMENTS_TO_DROP_FEATURES ? 1 : 2;
    const vocabulary = selectVocabulary(collector, words.index, characters.index, minDocuments);
    const { wordColumns, characterColumns, wordHashes, characterHashes, idfCodes } = vocabulary;
    appendDocuments(collector, excerpts);
    const sources = Uint32Array.from([...Array(documents).keys(), ...excerptDocuments]);
    const targets = sources.map((document) => documentTargets[document]!);
    const rowWeights = Float32Array.from(sources, (_, row) => (row < documents ? 1 : excerptWeights[row - documents]!));
    const counts = buildMatrix(collector, wordColumns, characterColumns, wordHashes.length, idfCodes.length);
    let weighted: WeightedMatrix | undefined;
    const vectors = () => {
      weighted ??= weighMatrix(counts, decodeIdf(idfCodes));
      return weighted;
    };
    const report = (phase: TrainingProgress['phase'], done: number, total: number) =>
      options.onProgress?.({ phase, done, total });
    const { testShare = DEFAULT_TEST_SHARE, seed } = options;
    const { results, predictions, evaluation, method } = selectModel(
      { counts, vectors, targets, keys: Int32Array.from(textHashes), sources, rowWeights, labels, minDocuments },
      {
        algorithms: options.algorithm === 'auto' ? ALGORITHM_NAMES : [options.algorithm],
        seed,
        testShare,
        keepsProbabilities: options.keepsProbabilities,
        onProgress: (done, total) => report('compare', done, total),
      },
    );
    const best = results[0]!;
    const learners = learnersIn(best.algorithm);
    const allRows = Uint32Array.from(targets.keys());
    const fitted = learners.map((learner, at) => {
      report('fit', at, learners.length);
      return fitLearner(learner, vectors(), allRows, targets, labels.length, { seed, rowWeights });
    });
    report('fit', learners.length, learners.length);
    const { weights, bias } = combineModels(fitted, best.scales, best.shift);

    const observations = predictions.map(({ predicted, confidence }, row) => ({
      label: predicted,
      confidence,
      characters: lengths[row]!,
      unknownRatio: leaveOneOutUnknownRatio(trainingWords, row),
    }));
    return {
      model: {
        algorithm: best.algorithm,
        labels,
        features,
        wordHashes,
        characterHashes,
        otherWords: removeHashes(hashesInOrder(trainingWords.index), wordHashes),
        stems: frequentStems(),
        idfCodes,
        ...quantise(weights),
        bias,
        evidence: best.evidence,
        prior: documentCounts.map((count) => count / documents),
      },
      candidates: results.map(({ algorithm, evaluation }) => ({
        algorithm,
        accuracy: evaluation.accuracy,
        logLoss: evaluation.logLoss,
      })),
      evaluation,
      evaluationMethod: method,
      testShare: method === 'cross-validation' ? 0 : testShare,
      outOfFoldLabels: predictions.map(({ predicted }) => predicted),
      outOfFold: options.keepsProbabilities ? joinProbabilities(predictions, labels.length) : undefined,
      observations,
      reference: buildReference(observations, labels),
      thresholds: computeThresholds(observations),
      documents,
      documentsByLabel: Object.fromEntries(labels.map((label, at) => [label, documentCounts[at]!])),
    };
  }

  return { add, finish };
}

function joinProbabilities(predictions: readonly OutOfFoldPrediction[], labels: number): Float64Array {
  const joined = new Float64Array(predictions.length * labels);
  for (const [row, { probabilities }] of predictions.entries()) joined.set(probabilities!, row * labels);
  return joined;
}

function checkLabels(labels: readonly string[], documentCounts: Float64Array): void {
  if (labels.length === 0) throw new TrainingDataError('there is no example to learn from');
  if (labels.length === 1) {
    throw new TrainingDataError(
      `every example has the label ${JSON.stringify(labels[0])}: training needs at least two labels`,
    );
  }
  const single = labels.filter((_, at) => documentCounts[at] === 1);
  if (single.length > 0) {
    throw new TrainingDataError(
      `each label needs at least two examples, and these have one: ${single.map((label) => JSON.stringify(label)).join(', ')}`,
    );
  }
}

/** Returns the hashes that are not among `removed`. */
function removeHashes(hashes: Int32Array, removed: Int32Array): Int32Array {
  const removedIndex = createHashIndex(removed.length);
  for (const hash of removed) addHash(removedIndex, hash);
  return hashes.filter((hash) => findHash(removedIndex, hash) < 0);
}
