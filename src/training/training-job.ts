import type { Manifest } from '../artefacts/manifest.ts';
import type { Candidate } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import type { AlgorithmName } from '../classifier/scoring/algorithm-names.ts';
import type { TokenizerName } from '../classifier/text/text-options.ts';
import type { DataFileProblem } from '../platform/json-lines.ts';

/** The files, the name and the settings of a training. */
export interface TrainingJob {
  /** The training data: JSON Lines of `{"text", "label"}`, or a classifier that natural saved. */
  readonly source: { readonly examples: string } | { readonly natural: string };
  /** The `DATA_DIR` of a service. Its feedback on this model is used in addition to the examples. */
  readonly feedback?: string | undefined;
  /** Held-out data for the evaluation. Without them a share of the data is held out. */
  readonly test?: string | undefined;
  /** The share of the data that is held out, without `test`. */
  readonly testShare?: number | undefined;
  readonly name: string;
  readonly version: string;
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
}

/** A trained model that is not written yet. */
export interface TrainingResult {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** The compared algorithms, best first. Empty if there was no choice. */
  readonly candidates: readonly Candidate[];
}

/** A message from the training thread. */
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
