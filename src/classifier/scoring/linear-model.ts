import type { StemTable } from '../text/stemming.ts';
import type { FeatureOptions } from '../text/text-options.ts';
import type { AlgorithmName } from './algorithm-names.ts';
import type { EvidenceCalibration } from './evidence-calibration.ts';

/**
 * All data of a linear classifier: training makes them, and the artefact stores them. Feature numbers count the word
 * features first and then the character features, in the order of their arrays of hashes.
 */
export interface LinearModel {
  readonly algorithm: AlgorithmName;
  readonly labels: readonly string[];
  readonly features: FeatureOptions;
  readonly wordHashes: Int32Array;
  readonly characterHashes: Int32Array;
  /** Hashes of words that occur in the training data and are not features. They are not unknown words. */
  readonly otherWords: Int32Array;
  /** Stems of frequent words of the training data. The table is empty if words are not stemmed. */
  readonly stems: StemTable;
  /** Inverse document frequency of each feature, in sixteenths. */
  readonly idfCodes: Uint8Array;
  /**
   * Weights in units of `weightStep`, feature by feature, with the columns of `LinearWeights`. 16 bits are more precise
   * than training, and they take half the memory of a 32-bit float.
   */
  readonly weights: Int16Array;
  readonly weightStep: number;
  /** One value for each column. */
  readonly bias: Float64Array;
  /** The correction of scores by the evidence in a text. Models of format 1 have none. */
  readonly evidence?: EvidenceCalibration | undefined;
  /** The share of each label in the training data. */
  readonly prior: Float64Array;
}

/** Rounds weights to 16-bit multiples of `weightStep`, which is the largest absolute weight divided by 32,767. */
export function quantise(weights: Float32Array): { weights: Int16Array; weightStep: number } {
  let largest = 0;
  for (const weight of weights) largest = Math.max(largest, Math.abs(weight));
  const weightStep = largest > 0 ? largest / 32_767 : 1;
  return { weights: Int16Array.from(weights, (weight) => Math.round(weight / weightStep)), weightStep };
}
