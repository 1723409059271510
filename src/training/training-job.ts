import type { Manifest } from '../artefacts/manifest.ts';
import type { Candidate } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import type { AlgorithmName } from '../classifier/scoring/algorithm-names.ts';
import type { TokenizerName } from '../classifier/text/text-options.ts';
import type { DataFileProblem } from '../platform/json-lines.ts';

/** What to train, from which files, under which name. */
export interface TrainingJob {
  /** What to learn from: JSON Lines of `{"text", "label"}`, or a classifier that natural saved. */
  readonly source: { readonly examples: string } | { readonly natural: string };
  /** A service's `DATA_DIR`: what its feedback on this model says is learnt beside the examples. */
  readonly feedback?: string | undefined;
  /** Held-out data to evaluate on; without it the evaluation is by cross-validation. */
  readonly test?: string | undefined;
  readonly name: string;
  readonly version: string;
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
}

/** A model that is trained, not yet written. */
export interface TrainingResult {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** What was compared, best first; empty where there was nothing to choose. */
  readonly candidates: readonly Candidate[];
}

/** What the training thread says to the one that started it. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'done'; readonly result: TrainingResult }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly message: string;
      /** The details of a `DataFileError`. */
      readonly problem?: DataFileProblem;
    };
