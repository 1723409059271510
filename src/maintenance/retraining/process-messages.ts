import type { Manifest } from '../../artefacts/manifest.ts';
import type { AlgorithmName } from '../../classifier/scoring/algorithm-names.ts';
import type { TokenizerName } from '../../classifier/text/text-options.ts';
import type { FeedbackPlace } from '../../feedback/database/feedback.ts';
import type { DatabaseAddress } from '../../postgres/address.ts';
import type { DataFiles } from '../../training/read-examples.ts';
import type { TrainingEncoder } from '../../training/training-job.ts';
import type { FailureReason, RetrainProgress } from './job.ts';

/** The task of a training process. */
export interface RetrainTask {
  /** The id of the job. */
  readonly job: string;
  readonly model: string;
  readonly modelsFolder: string;
  /** The database of the versions, if they are in one. */
  readonly modelsDatabase?: DatabaseAddress | undefined;
  /** The original training data. */
  readonly data: DataFiles;
  /** The place of the feedback. */
  readonly feedback: FeedbackPlace;
  /** The file with the keys of the feedback texts. */
  readonly feedbackKeyFile?: string | undefined;
  readonly algorithm: AlgorithmName | 'auto';
  readonly tokenizer: TokenizerName | 'auto';
  /** The encoder of the active version. */
  readonly encoder?: TrainingEncoder | undefined;
  /** The folder of `RUNTIMES_DIR`. */
  readonly runtimesFolder?: string | undefined;
  /** The share of the data that takes no part in any choice; undefined for the usual one. */
  readonly testShare?: number | undefined;
  readonly maxMemoryMB: number;
  /** The niceness of the process, from 0 to 19. */
  readonly niceness: number;
  /** The file of the key that signs the version. */
  readonly signingKey?: string | undefined;
}

/** The new version, completely written. */
export interface RetrainedVersion {
  readonly version: string;
  readonly bytes: number;
  readonly training: Manifest['training'];
}

/** The reason why a training failed. `stack` holds the call sites of a defect, without its message. */
export interface RetrainFailure {
  readonly reason: FailureReason;
  readonly detail: string;
  readonly stack?: string;
}

/** A message to the training process: the task, and later the permission to write the version. */
export type RetrainCommand = { readonly kind: 'train'; readonly task: RetrainTask } | { readonly kind: 'write' };

/** A message from the training process. */
export type RetrainMessage =
  | { readonly kind: 'progress'; readonly progress: RetrainProgress }
  /** Asks for permission to write the version. The process is not stopped any more once it has the permission. */
  | { readonly kind: 'trained' }
  | { readonly kind: 'done'; readonly retrained: RetrainedVersion }
  | { readonly kind: 'failed'; readonly failure: RetrainFailure };
