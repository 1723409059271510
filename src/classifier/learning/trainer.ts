import { createCountVectorizer } from '../features/count-vectorizer.ts';
import { buildMatrix } from '../features/document-matrix.ts';
import { decodeIdf, weighMatrix } from '../features/tf-idf.ts';
import { leaveOneOutUnknownRatio } from '../features/training-words.ts';
import { selectVocabulary } from '../features/vocabulary.ts';
import { ALGORITHM_NAMES, type AlgorithmName } from '../scoring/algorithm-names.ts';
import { type LinearModel, quantise } from '../scoring/linear-model.ts';
import { computeThresholds, type Thresholds } from '../statistics/anomalies.ts';
import type { Evaluation, LabelledPrediction } from '../statistics/evaluation.ts';
import { buildReference, type Reference } from '../statistics/training-reference.ts';
import { addHash, createHashIndex, findHash, hashesInOrder } from '../text/hash-index.ts';
import { hashString } from '../text/hashing.ts';
import { combineLearners, fitLearner, learnersIn } from './algorithms.ts';
import type { LabelledMatrix } from './cross-validation.ts';
import { assignFolds } from './folds.ts';
import { compareAlgorithms } from './model-selection.ts';
import { TrainingDataError, type TrainingOptions, type TrainingProgress } from './training-options.ts';

/** What one algorithm reached in cross-validation. */
export interface Candidate {
  readonly algorithm: AlgorithmName;
  readonly accuracy: number;
  readonly logLoss: number;
}

export interface TrainedModel {
  readonly model: LinearModel;
  /** What was compared, best first. */
  readonly candidates: readonly Candidate[];
  /** Of the chosen algorithm, on documents it did not see (cross-validation). */
  readonly evaluation: Evaluation;
  readonly reference: Reference;
  readonly thresholds: Thresholds;
  readonly documents: number;
  readonly documentsByLabel: Readonly<Record<string, number>>;
}

/** Takes in documents one by one, then trains. Use once. */
export interface Trainer {
  add(text: string, label: string): void;
  /** @throws TrainingDataError where the documents do not make a classifier */
  finish(): TrainedModel;
}

export function createTrainer(options: TrainingOptions): Trainer {
  const intake = createCountVectorizer(options.tokenizer, options.dataBytes);
  const labelOf: string[] = [];
  const keys: number[] = [];
  const lengths: number[] = [];

  function add(text: string, label: string): void {
    intake.add(text);
    labelOf.push(label);
    keys.push(hashString(text));
    lengths.push(text.length);
  }

  function finish(): TrainedModel {
    const labels = [...new Set(labelOf)].sort();
    const place = new Map(labels.map((label, at) => [label, at]));
    const targets = Uint32Array.from(labelOf, (label) => place.get(label)!);
    const perLabel = new Float64Array(labels.length);
    for (const target of targets) perLabel[target]! += 1;
    checkLabels(labels, perLabel);
    const { features, words, characters, collector, census, frequentStems } = intake.finish();

    const vocabulary = selectVocabulary(collector, words.index, characters.index, targets.length < 1000 ? 1 : 2);
    const featureCount = vocabulary.idfCodes.length;
    const matrix = weighMatrix(
      buildMatrix(
        collector,
        vocabulary.wordColumns,
        vocabulary.characterColumns,
        vocabulary.wordHashes.length,
        featureCount,
      ),
      decodeIdf(vocabulary.idfCodes),
    );
    const data: LabelledMatrix = { matrix, targets, labels: labels.length };
    const contenders = options.algorithm === 'auto' ? ALGORITHM_NAMES : [options.algorithm];
    // Each fold is a training of its own; many labels make one long, and many documents make few folds enough.
    const foldCount = targets.length * labels.length > 500_000 ? 3 : 5;
    const folds = assignFolds(targets, Int32Array.from(keys), foldCount, options.seed);
    const report = (phase: TrainingProgress['phase'], done: number, total: number) =>
      options.onProgress?.({ phase, done, total });
    const compared = compareAlgorithms(contenders, data, labels, folds, foldCount, options.seed, (done, total) =>
      report('compare', done, total),
    );
    const best = compared[0]!;
    const learners = learnersIn(best.algorithm);
    const everyRow = Uint32Array.from(targets.keys());
    const fitted = learners.map((learner, at) => {
      report('fit', at, learners.length);
      return fitLearner(learner, matrix, everyRow, targets, labels.length, options.seed);
    });
    report('fit', learners.length, learners.length);
    const { weights, bias } = combineLearners(fitted, best.scales, best.shift);

    const observations = best.predictions.map((prediction: LabelledPrediction, row) => ({
      label: prediction.predicted,
      confidence: prediction.confidence,
      characters: lengths[row]!,
      unknownRatio: leaveOneOutUnknownRatio(census, row),
    }));
    return {
      model: {
        algorithm: best.algorithm,
        labels,
        features,
        wordHashes: vocabulary.wordHashes,
        characterHashes: vocabulary.characterHashes,
        otherWords: wordsWithoutFeature(hashesInOrder(census.index), vocabulary.wordHashes),
        stems: frequentStems(),
        idfCodes: vocabulary.idfCodes,
        ...quantise(weights),
        bias,
        prior: perLabel.map((count) => count / targets.length),
      },
      candidates: compared.map(({ algorithm, evaluation }) => ({
        algorithm,
        accuracy: evaluation.accuracy,
        logLoss: evaluation.logLoss,
      })),
      evaluation: best.evaluation,
      reference: buildReference(observations, labels),
      thresholds: computeThresholds(observations),
      documents: targets.length,
      documentsByLabel: Object.fromEntries(labels.map((label, at) => [label, perLabel[at]!])),
    };
  }

  return { add, finish };
}

function checkLabels(labels: readonly string[], perLabel: Float64Array): void {
  if (labels.length === 0) throw new TrainingDataError('there is no example to learn from');
  if (labels.length === 1) {
    throw new TrainingDataError(
      `every example has the label ${JSON.stringify(labels[0])}: two labels are needed at least`,
    );
  }
  const single = labels.filter((_, at) => perLabel[at] === 1);
  if (single.length > 0) {
    throw new TrainingDataError(
      `a label needs two examples at least, and these have one: ${single.map((label) => JSON.stringify(label)).join(', ')}`,
    );
  }
}

function wordsWithoutFeature(words: Int32Array, features: Int32Array): Int32Array {
  const known = createHashIndex(features.length);
  for (const hash of features) addHash(known, hash);
  return words.filter((hash) => findHash(known, hash) < 0);
}
