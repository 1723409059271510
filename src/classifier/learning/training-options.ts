import type { AlgorithmName } from '../scoring/algorithm-names.ts';
import type { TokenizerName } from '../text/text-options.ts';

/** Options of one training. */
export interface TrainingOptions {
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
  /** Size of the data in bytes, if it is known. Very large data get fewer kinds of features, to limit memory. */
  readonly dataBytes?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** The progress of training: `done` of `total` steps of a phase. */
export interface TrainingProgress {
  readonly phase: 'read' | 'compare' | 'fit';
  readonly done: number;
  readonly total: number;
}

/** Thrown for examples that cannot train a classifier. The message tells the user the reason. */
export class TrainingDataError extends Error {
  override name = 'TrainingDataError';
}
