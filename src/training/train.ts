import { Worker } from 'node:worker_threads';
import { NaturalFileError } from '../artefacts/natural-file.ts';
import { TrainingDataError, type TrainingProgress } from '../classifier/learning/training-options.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import { EncoderError } from '../runtimes/encoder-files.ts';
import type { TrainingData, TrainingJob, TrainingResult, WorkerMessage } from './training-job.ts';

/** Options of `train`. */
export interface TrainOptions {
  /** Ends the training at once when it is aborted. The promise is then rejected with the reason of the signal. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Receives the summary of the data, before the model is fitted. */
  readonly onData?: (data: TrainingData) => void;
}

/**
 * Runs a training job on a thread of its own, so that the event loop of the caller is not blocked. It writes no file: the
 * caller passes the result to `writeArtefact`.
 *
 * @throws {DataFileError} if a file cannot be used
 * @throws {TrainingDataError} if no classifier can be trained on the data
 * @throws {NaturalFileError} if the file is not a trained classifier of natural
 * @throws {EncoderError} if a folder has no encoder that can be used
 */
export function train(job: TrainingJob, { signal, onProgress, onData }: TrainOptions = {}): Promise<TrainingResult> {
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
      else if (message.kind === 'data') onData?.(message.data);
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
  if (name === 'EncoderError') return new EncoderError(message);
  return name === 'NaturalFileError' ? new NaturalFileError(message) : new Error(message);
}
