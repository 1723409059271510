import type { Manifest } from '../artefacts/manifest.ts';
import type { EncoderKind } from '../classifier/encoders/train-encoder-model.ts';
import type { Candidate } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import type { AlgorithmName } from '../classifier/scoring/algorithm-names.ts';
import type { PairedComparison } from '../classifier/statistics/paired-difference.ts';
import type { TokenizerName } from '../classifier/text/text-options.ts';
import type { DataFileProblem } from '../datasets/data-file-error.ts';
import type { DatasetSummary } from '../datasets/dataset-check.ts';
import type { DataFile } from '../datasets/read-rows.ts';
import type { FeedbackPlace } from '../feedback/database/feedback.ts';
import type { DataFiles } from './read-examples.ts';

/** The encoder of a training, and the way in which the version uses it. */
export interface TrainingEncoder {
  /** A folder as exporters of Hugging Face write it, or the folder of an encoder in the models folder. */
  readonly folder: string;
  readonly kind: EncoderKind;
  /** The share of the texts that a cascade sends on. */
  readonly share?: number | undefined;
}

/** The files, the name and the settings of a training. */
export interface TrainingJob {
  /**
   * The training data: labelled texts, a classifier that natural saved, or the folder of a fine-tuned classifier in ONNX with
   * labelled texts that calibrate it.
   */
  readonly source:
    | { readonly examples: string | DataFiles }
    | { readonly natural: string }
    | { readonly onnx: string; readonly calibration?: DataFiles | undefined };
  /** The feedback of a service. Its part about this model is used in addition to the examples. */
  readonly feedback?: FeedbackPlace | undefined;
  /** The file with the keys of the feedback texts, if they are encrypted. */
  readonly feedbackKeyFile?: string | undefined;
  /** Held-out data for the evaluation. Without them a share of the data is held out. */
  readonly test?: string | DataFiles | undefined;
  /** The encoder. Without it the version has only a linear model. */
  readonly encoder?: TrainingEncoder | undefined;
  /** The folder of `RUNTIMES_DIR`. */
  readonly runtimesFolder?: string | undefined;
  /** If true, the held-out texts of `test` are also evaluated with seeded changes. */
  readonly robust?: boolean;
  /** The share of the data that is held out, without `test`. */
  readonly testShare?: number | undefined;
  /** The folder of a version to compare with. */
  readonly compareWith?: string | undefined;
  /** The length of the longest text that the service takes, in UTF-16 code units. The default is the service's default. */
  readonly maxTextCharacters?: number | undefined;
  readonly name: string;
  readonly version: string;
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  readonly seed: number;
}

/** The data of a training, as they were read. */
export interface TrainingData {
  readonly files: readonly DataFile[];
  readonly testFiles: readonly DataFile[];
  readonly summary: DatasetSummary;
}

/** A comparison with another version on the same texts. The other version is the first, and the new one the second. */
export interface VersionComparison extends PairedComparison {
  readonly version: string;
  /**
   * The texts: `held-out` are those of a separate file. With `cross-validation` they are the training texts, which the new
   * version had not seen in its fold, and the other version may have learned.
   */
  readonly method: 'held-out' | 'cross-validation';
}

/** A trained model that is not written yet. */
export interface TrainingResult {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
  /** The compared algorithms, best first. Empty if there was no choice. */
  readonly candidates: readonly Candidate[];
  /** The comparison that the job asked for. */
  readonly comparison?: VersionComparison;
}

/** A message from the training thread. */
export type WorkerMessage =
  | { readonly kind: 'progress'; readonly progress: TrainingProgress }
  | { readonly kind: 'data'; readonly data: TrainingData }
  | { readonly kind: 'done'; readonly result: TrainingResult }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly message: string;
      /** The details of a `DataFileError`. */
      readonly problem?: DataFileProblem;
    };
