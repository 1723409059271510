import { Worker } from 'node:worker_threads';
import { NaturalFileError } from '../artefacts/natural-file.ts';
import { TrainingDataError, type TrainingProgress } from '../classifier/learning/training-options.ts';
import { DataFileError } from '../platform/json-lines.ts';
import type { TrainingJob, TrainingResult, WorkerMessage } from './training-job.ts';

/** How to follow and stop a training. */
export interface TrainingControl {
  /** Aborted, the training ends at once and the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/**
 * Trains in a thread of its own, so that the caller's event loop goes on. Writes nothing: what comes back is written
 * whole with `writeArtefact`, or not at all.
 *
 * @throws DataFileError for a file that cannot be used, TrainingDataError for data that make no
 *   classifier, NaturalFileError for a file that natural did not write
 */
export function train(job: TrainingJob, { signal, onProgress }: TrainingControl = {}): Promise<TrainingResult> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const worker = new Worker(new URL('./training-thread.ts', import.meta.url), { workerData: job });
    const abort = () => {
      void worker.terminate();
      reject(signal!.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'progress') onProgress?.(message.progress);
      else if (message.kind === 'done') resolve(message.result);
      else reject(errorOf(message));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      signal?.removeEventListener('abort', abort);
      reject(new Error(`the training thread ended early (exit ${code})`));
    });
  });
}

/** Restores the class of an error, which is lost between threads. */
function errorOf({ name, message, problem }: WorkerMessage & { kind: 'failed' }): Error {
  if (problem) return new DataFileError(problem);
  if (name === 'TrainingDataError') return new TrainingDataError(message);
  return name === 'NaturalFileError' ? new NaturalFileError(message) : new Error(message);
}
