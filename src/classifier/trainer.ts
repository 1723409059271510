import { type AlgorithmName, algorithmNames, fitAlgorithm } from './algorithms.ts';
import { type Calibration, fitCalibration } from './calibration.ts';
import { type LabelledMatrix, outOfFoldScores } from './cross-validation.ts';
import { buildMatrix, collectDocument, createCollector } from './document-matrix.ts';
import { type Evaluation, evaluate, type Judgement } from './evaluation.ts';
import { createExtractor } from './extract.ts';
import { clearBlock, countAny, createFeatureBlock } from './feature-block.ts';
import type { FeatureOptions } from './feature-options.ts';
import { assignFolds } from './folds.ts';
import { addHash, createHashIndex, findHash, hashesInOrder } from './hash-index.ts';
import { hashString } from './hashing.ts';
import { judge } from './judge.ts';
import type { LinearModel } from './linear-model.ts';
import { columnsFor } from './linear-weights.ts';
import { type Reference, referenceOf, type Thresholds, thresholdsOf } from './reference.ts';
import { createTokenBuffer } from './token-buffer.ts';
import { createTokenizer } from './tokenizers.ts';
import { TrainingDataError, type TrainingOptions } from './training-options.ts';
import { selectFeatures } from './vocabulary.ts';
import { decodeIdf, weighMatrix } from './weighting.ts';
import { beginDocument, createWordCensus, takeWord, unknownRatioOf } from './word-census.ts';

const foldCount = 5;

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
  const features: FeatureOptions = { tokenizer: 'unicode', stem: true, wordNgrams: 2, characterNgrams: [2, 4] };
  const tokenizeInto = createTokenizer(features.tokenizer);
  const extract = createExtractor(features);
  const buffer = createTokenBuffer();
  const words = createFeatureBlock();
  const characters = createFeatureBlock();
  const collector = createCollector();
  const census = createWordCensus();
  const labelOf: string[] = [];
  const keys: number[] = [];
  const lengths: number[] = [];

  function add(text: string, label: string): void {
    tokenizeInto(text, buffer);
    clearBlock(words);
    clearBlock(characters);
    beginDocument(census, buffer.words);
    extract(buffer, words, characters, countAny, (hash) => takeWord(census, hash));
    collectDocument(collector, words, characters);
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

    const vocabulary = selectFeatures(collector, words.index, characters.index, targets.length < 1000 ? 1 : 5);
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
    const columns = columnsFor(labels.length);
    const contenders = options.algorithm === 'auto' ? algorithmNames : [options.algorithm];
    const folds = assignFolds(targets, Int32Array.from(keys), foldCount, options.seed);
    let done = 0;
    const compared = contenders.map((algorithm) => {
      const scores = outOfFoldScores(algorithm, data, folds, foldCount, options.seed, () => {
        done += 1;
        options.onProgress?.({ phase: 'compare', done, total: contenders.length * foldCount });
      });
      const calibration = fitCalibration(scores, columns, targets);
      const judgements = judge(scores, columns, calibration, targets, labels);
      return { algorithm, calibration, judgements, evaluation: evaluate(judgements) };
    });
    compared.sort(
      (a, b) => b.evaluation.accuracy - a.evaluation.accuracy || a.evaluation.logLoss - b.evaluation.logLoss,
    );
    const best = compared[0]!;
    options.onProgress?.({ phase: 'fit', done: 0, total: 1 });
    const fitted = fitAlgorithm(
      best.algorithm,
      matrix,
      Uint32Array.from(targets.keys()),
      targets,
      labels.length,
      options.seed,
    );
    options.onProgress?.({ phase: 'fit', done: 1, total: 1 });

    const observations = best.judgements.map((judgement: Judgement, row) => ({
      label: judgement.predicted,
      confidence: judgement.confidence,
      characters: lengths[row]!,
      unknownRatio: unknownRatioOf(census, row),
    }));
    return {
      model: {
        algorithm: best.algorithm,
        labels,
        features,
        wordHashes: vocabulary.wordHashes,
        characterHashes: vocabulary.characterHashes,
        otherWords: wordsWithoutFeature(hashesInOrder(census.index), vocabulary.wordHashes),
        idfCodes: vocabulary.idfCodes,
        ...calibrated(fitted.weights, fitted.bias, best.calibration),
        prior: perLabel.map((count) => count / targets.length),
      },
      candidates: compared.map(({ algorithm, evaluation }) => ({
        algorithm,
        accuracy: evaluation.accuracy,
        logLoss: evaluation.logLoss,
      })),
      evaluation: best.evaluation,
      reference: referenceOf(observations, labels),
      thresholds: thresholdsOf(observations),
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

function calibrated(weights: Float32Array, bias: Float64Array, { scale, shift }: Calibration) {
  return {
    weights: weights.map((weight) => weight * scale),
    bias: bias.map((value) => value * scale + shift),
  };
}

function wordsWithoutFeature(words: Int32Array, features: Int32Array): Int32Array {
  const known = createHashIndex(features.length);
  for (const hash of features) addHash(known, hash);
  return words.filter((hash) => findHash(known, hash) < 0);
}
