import { parentPort, workerData } from 'node:worker_threads';
import type { DataFileProblem } from '../datasets/data-file-error.ts';
import { runTraining } from './run-training.ts';
import type { TrainingJob, WorkerMessage } from './training-job.ts';

const port = parentPort!;
const post = (message: WorkerMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

runTraining(
  workerData as TrainingJob,
  (progress) => post({ kind: 'progress', progress }),
  (data) => post({ kind: 'data', data }),
).then(
  (result) => post({ kind: 'done', result }, [result.bytes.buffer as ArrayBuffer]),
  ({ name, message, problem }: Error & { problem?: DataFileProblem }) =>
    post({ kind: 'failed', name, message, ...(problem && { problem }) }),
);
