import type { AlgorithmName } from '../scoring/algorithm-names.ts';
import type { TokenizerName } from '../text/text-options.ts';

export interface TrainingOptions {
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
  /** Size of the data, where it is known: very large data get fewer kinds of features, to bound memory. */
  readonly dataBytes?: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** How far training is: `done` of `total` steps of a phase. */
export interface TrainingProgress {
  readonly phase: 'read' | 'compare' | 'fit';
  readonly done: number;
  readonly total: number;
}

/** The data cannot be learned from; the message says why, for the person who brought it. */
export class TrainingDataError extends Error {
  override name = 'TrainingDataError';
}
