import type { EncoderAlgorithm } from './algorithm-names.ts';
import type { Classifier } from './classifier.ts';
import type { LinearWeights } from './linear-weights.ts';
import { softmaxInPlace } from './softmax.ts';

/** Stands for a probability of 0 in a logarithm, so that one classifier alone never excludes a label. */
const MIN_PROBABILITY = 1e-12;

/**
 * The weights of a weighted product of probabilities: each score is `linear` times the logarithm of the linear model's
 * probability plus `encoder` times that of the encoder's. With two labels `shift` is added to the score of the second.
 */
export interface Combination {
  readonly linear: number;
  readonly encoder: number;
  readonly shift: number;
}

/** A trained classifier on the embeddings of an encoder, on its own or together with a linear model. */
export interface EncoderModel {
  readonly algorithm: EncoderAlgorithm;
  readonly labels: readonly string[];
  /** A linear model on embeddings, with calibrated scores. An imported classifier has its own scores instead. */
  readonly head?: LinearWeights | undefined;
  /** The scale of the scores of an imported classifier: 1 divided by its temperature. */
  readonly scale?: number | undefined;
  /** The linear model that answers together with the encoder. */
  readonly linear?: Classifier | undefined;
  readonly combination?: Combination | undefined;
  /** With a cascade: the encoder gets only the texts for which the linear model has a lower confidence. */
  readonly escalateBelow?: number | undefined;
}

/** Returns the probability of each label for one output of an encoder. */
export function encoderProbabilities(
  { labels, head, scale = 1 }: Pick<EncoderModel, 'labels' | 'head' | 'scale'>,
  output: Float32Array,
): Float64Array {
  const probabilities = new Float64Array(labels.length);
  if (head) scoreEmbedding(head, output, probabilities.subarray(labels.length - head.columns));
  else for (let label = 0; label < labels.length; label += 1) probabilities[label] = scale * output[label]!;
  softmaxInPlace(probabilities);
  return probabilities;
}

/** Writes the scores of an embedding, one for each column. */
function scoreEmbedding({ columns, weights, bias }: LinearWeights, embedding: Float32Array, scores: Float64Array) {
  scores.set(bias);
  for (let dimension = 0; dimension < embedding.length; dimension += 1) {
    const value = embedding[dimension]!;
    const base = dimension * columns;
    for (let column = 0; column < columns; column += 1) scores[column]! += value * weights[base + column]!;
  }
}

/** Returns the weighted product of two classifiers' probabilities. */
export function combineProbabilities(
  linear: Float64Array,
  encoder: Float64Array,
  combination: Combination,
): Float64Array {
  const combined = new Float64Array(linear.length);
  for (let label = 0; label < combined.length; label += 1) {
    combined[label] =
      combination.linear * logProbability(linear[label]!) + combination.encoder * logProbability(encoder[label]!);
  }
  if (combined.length === 2) combined[1]! += combination.shift;
  softmaxInPlace(combined);
  return combined;
}

/** Returns the logarithm of a probability. */
export function logProbability(probability: number): number {
  return Math.log(Math.max(probability, MIN_PROBABILITY));
}
