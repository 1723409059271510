import type { Manifest } from '../../artefacts/manifest.ts';
import type { FailureReason, RetrainProgress } from './job.ts';

/** What the process of a retraining is to do. */
export interface RetrainTask {
  /** The job's id. */
  readonly job: string;
  readonly model: string;
  readonly modelsFolder: string;
  /** The file of the original data. */
  readonly data: string;
  /** The service's `DATA_DIR`, where feedback is kept. */
  readonly dataFolder: string;
  readonly maxMemoryMB: number;
  readonly niceness: number;
}

/** What it led to: a version that is written whole. */
export interface Retrained {
  readonly version: string;
  readonly bytes: number;
  readonly training: Manifest['training'];
}

/** Why it led to nothing; `stack` says where a defect is, without what it says. */
export interface RetrainFailure {
  readonly reason: FailureReason;
  readonly detail: string;
  readonly stack?: string;
}

/** What is said to the process of a retraining: the task, and later that it may write. */
export type RetrainOrder = { readonly kind: 'train'; readonly task: RetrainTask } | { readonly kind: 'write' };

/** What that process says to the one that started it. */
export type RetrainMessage =
  | { readonly kind: 'progress'; readonly progress: RetrainProgress }
  /** It asks whether to write the version: once it is told to, it is not stopped any more. */
  | { readonly kind: 'trained' }
  | { readonly kind: 'done'; readonly retrained: Retrained }
  | { readonly kind: 'failed'; readonly failure: RetrainFailure };
