import { assignFolds, labelledPrediction } from '../learning/cross-validation.ts';
import type { Candidate, TrainedModel } from '../learning/trainer.ts';
import type { Combination } from '../scoring/encoder-model.ts';
import type { LinearWeights } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate, type LabelledPrediction } from '../statistics/evaluation.ts';
import { hashString } from '../text/hashing.ts';
import { combineAll, fitCombination } from './fit-combination.ts';
import { trainHead } from './train-head.ts';

/** The way in which a trained version uses its encoder. */
export type EncoderKind = 'encoder' | 'linear+encoder' | 'cascade';

/** The product of documents and labels above which there are 3 folds instead of 5, as for linear models. */
const MAX_SIZE_FOR_FIVE_FOLDS = 500_000;

/** The number of escalated documents from which on their combination is fitted on them alone. */
const MIN_ESCALATED = 200;

/** The input of `trainEncoderModel`. */
export interface EncoderTraining {
  /** The share of the texts that a cascade sends on to the encoder. */
  readonly share: number;
  /** The trained linear model with the probabilities of each document. */
  readonly linear: Pick<TrainedModel, 'model' | 'candidates' | 'outOfFold'>;
  readonly texts: readonly string[];
  readonly targets: Uint32Array;
  readonly embeddings: Float32Array;
  readonly dimensions: number;
  readonly seed: number;
  readonly onProgress: (done: number, total: number) => void;
}

/** One use of an encoder, and what it predicts for documents that it did not see. */
export interface EncoderUse {
  readonly combination?: Combination | undefined;
  readonly escalateBelow?: number | undefined;
  readonly predictions: readonly LabelledPrediction[];
  readonly evaluation: Evaluation;
}

/** A trained head, and each use of it. */
export interface TrainedEncoder {
  readonly head: LinearWeights;
  readonly uses: Readonly<Record<EncoderKind, EncoderUse>>;
  /** The linear algorithms, and each use of the encoder, by cross-validation; best first. */
  readonly candidates: readonly Candidate[];
  /** Fits a cascade that sends another share of the texts on. */
  readonly cascadeFor: (share: number) => EncoderUse;
}

/**
 * Trains the head of an encoder, and fits how it answers together with the linear model. Every choice is made on predictions by
 * models that did not see their document.
 */
export function trainEncoderModel(training: EncoderTraining): TrainedEncoder {
  const { share, linear, texts, targets, embeddings, dimensions, seed, onProgress } = training;
  const { labels } = linear.model;
  const labelCount = labels.length;
  const own = linear.outOfFold!;
  const foldCount = targets.length * labelCount > MAX_SIZE_FOR_FIVE_FOLDS ? 3 : 5;
  const folds = assignFolds(targets, Int32Array.from(texts, hashString), foldCount, seed);
  const documents = { embeddings, dimensions, targets, labels: labelCount };
  const { head, outOfFold } = trainHead(documents, folds, foldCount, seed, onProgress);

  const use = (
    probabilities: Float64Array,
    choice: Pick<EncoderUse, 'combination' | 'escalateBelow'> = {},
  ): EncoderUse => {
    const predictions = Array.from(targets, (target, row) =>
      labelledPrediction(labels, probabilities.subarray(row * labelCount, (row + 1) * labelCount), target),
    );
    return { ...choice, predictions, evaluation: evaluate(predictions) };
  };
  const combination = fitCombination(own, outOfFold, targets, labelCount);
  const cascadeFor = (wanted: number) => {
    const { probabilities, ...cascade } = fitCascade(own, outOfFold, targets, labelCount, wanted, combination);
    return use(probabilities, cascade);
  };
  const uses = {
    encoder: use(outOfFold),
    'linear+encoder': use(combineAll(own, outOfFold, labelCount, combination), { combination }),
    cascade: cascadeFor(share),
  };
  const candidates = [
    ...linear.candidates,
    ...(Object.keys(uses) as EncoderKind[]).map((algorithm) => {
      const { accuracy, logLoss } = uses[algorithm].evaluation;
      return { algorithm, accuracy, logLoss };
    }),
  ];
  candidates.sort((a, b) => b.accuracy - a.accuracy || a.logLoss - b.logLoss);
  return { head, uses, candidates, cascadeFor };
}

/** Chooses the confidence below which the share of the documents goes on, and fits the combination for these documents. */
function fitCascade(
  linear: Float64Array,
  encoder: Float64Array,
  targets: Uint32Array,
  labels: number,
  share: number,
  both: Combination,
): { escalateBelow: number; combination: Combination; probabilities: Float64Array } {
  const confidences = Float64Array.from(targets, (_, row) =>
    Math.max(...linear.subarray(row * labels, (row + 1) * labels)),
  );
  const sorted = confidences.toSorted();
  const place = Math.round(share * sorted.length);
  // Above 1 no linear model is confident enough.
  const escalateBelow = place >= sorted.length ? 1 : sorted[place]!;
  const escalated = Uint32Array.from(targets.keys()).filter((row) => confidences[row]! < escalateBelow);
  const pick = (all: Float64Array) => {
    const picked = new Float64Array(escalated.length * labels);
    for (const [at, row] of escalated.entries())
      picked.set(all.subarray(row * labels, (row + 1) * labels), at * labels);
    return picked;
  };
  const [first, second] = [pick(linear), pick(encoder)];
  const combination =
    escalated.length < MIN_ESCALATED
      ? both
      : fitCombination(
          first,
          second,
          escalated.map((row) => targets[row]!),
          labels,
        );
  const combined = combineAll(first, second, labels, combination);
  const probabilities = linear.slice();
  for (const [at, row] of escalated.entries()) {
    probabilities.set(combined.subarray(at * labels, (at + 1) * labels), row * labels);
  }
  return { escalateBelow, combination, probabilities };
}
