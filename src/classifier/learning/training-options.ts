import type { AlgorithmName } from '../scoring/algorithm-names.ts';
import type { TokenizerName } from '../text/text-options.ts';

/** The limits of `testShare`. */
export const MIN_TEST_SHARE = 0.01;
export const MAX_TEST_SHARE = 0.5;

/** Options of one training. */
export interface TrainingOptions {
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
  /**
   * The share of the documents that take no part in any choice; a tenth by default. It is rounded to one of a number of equal
   * parts. 0 if other texts are used for the evaluation.
   */
  readonly testShare?: number | undefined;
  /** Size of the data in bytes, if it is known. Very large data get fewer kinds of features, to limit memory. */
  readonly dataBytes?: number;
  /** Keeps the probabilities of each document by a model that did not see it. */
  readonly keepsProbabilities?: boolean | undefined;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** The progress of training: `done` of `total` steps of a phase. */
export interface TrainingProgress {
  readonly phase: 'read' | 'compare' | 'fit' | 'encode' | 'head';
  readonly done: number;
  readonly total: number;
}

/** Thrown for examples that cannot train a classifier. The message tells the user the reason. */
export class TrainingDataError extends Error {
  override name = 'TrainingDataError';
}
