import type { StemTable } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import type { AlgorithmName } from './algorithm-names.ts';

/**
 * Everything a linear classifier scores with: what training makes and the artefact keeps. Features are numbered word
 * features first, then character features, in the order of their hashes' arrays.
 */
export interface LinearModel {
  readonly algorithm: AlgorithmName;
  readonly labels: readonly string[];
  readonly features: FeatureOptions;
  readonly wordHashes: Int32Array;
  readonly characterHashes: Int32Array;
  /** Hashes of words that training saw and that are no feature; kept to tell the unknown from the unused. */
  readonly otherWords: Int32Array;
  /** Stems of the words that training met often; none where words are not stemmed. */
  readonly stems: StemTable;
  /** Inverse document frequency of each feature, in sixteenths. */
  readonly idfCodes: Uint8Array;
  /**
   * One column for two labels (it speaks for the second), else one for each label; feature by feature. In units of
   * `weightStep`: 16 bits are far more than training knows of a weight, and half of what a float takes.
   */
  readonly weights: Int16Array;
  readonly weightStep: number;
  /** One for each column. */
  readonly bias: Float64Array;
  /** Share of each label in the training data. */
  readonly prior: Float64Array;
}

/** Weights in whole steps, of the size that the largest needs. */
export function quantise(weights: Float32Array): { weights: Int16Array; weightStep: number } {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  const weightStep = largest > 0 ? largest / 32_767 : 1;
  return { weights: Int16Array.from(weights, (weight) => Math.round(weight / weightStep)), weightStep };
}
