import { parentPort, workerData } from 'node:worker_threads';
import { runTraining } from './run-training.ts';
import type { TrainingJob, WorkerMessage } from './training-job.ts';

const port = parentPort!;
const post = (message: WorkerMessage, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

runTraining(workerData as TrainingJob, (progress) => post({ kind: 'progress', progress })).then(
  (result) => post({ kind: 'done', result }, [result.bytes.buffer as ArrayBuffer]),
  (error: Error) => post({ kind: 'failed', name: error.name, message: error.message }),
);
