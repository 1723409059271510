import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RetrainProgress } from './job.ts';
import { lowerPriority } from './lower-priority.ts';
import type {
  RetrainCommand,
  RetrainedVersion,
  RetrainFailure,
  RetrainMessage,
  RetrainTask,
} from './process-messages.ts';

const ENTRY = fileURLToPath(new URL('./training-process.ts', import.meta.url));

/** A retraining that led to no version. */
export class RetrainError extends Error {
  override name = 'RetrainError';
  readonly failure: RetrainFailure;

  constructor(failure: RetrainFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/**
 * Retrains in a separate process with low priority and limited memory. The process ends when this process ends.
 *
 * @param signal aborts the training: the process is killed, and the promise is rejected with the signal's reason. A process
 *   that is already writing its version finishes first.
 * @throws {RetrainError} if the training fails, or its process ends for any other reason
 */
export function runTrainingProcess(
  task: RetrainTask,
  onProgress: (progress: RetrainProgress) => void,
  signal: AbortSignal,
): Promise<RetrainedVersion> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // The job id is an argument so that people can recognise the process in a process list.
    // The child gets no environment and no options, because it needs neither the secrets nor the telemetry of the service.
    const child = fork(ENTRY, [task.job], {
      env: {},
      execArgv: [`--max-old-space-size=${task.maxMemoryMB}`],
      // The priority needs a session of its own. The child still ends when the channel to this process closes.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const send = (command: RetrainCommand) => child.send(command);
    // Lower the priority before the child has threads; the child does it again for the threads that it has by then.
    if (child.pid !== undefined) lowerPriority(child.pid, task.niceness);
    let writing = false;
    const abort = () => {
      if (!writing) child.kill('SIGKILL');
    };
    signal.addEventListener('abort', abort, { once: true });
    child.on('message', (message: RetrainMessage) => {
      if (message.kind === 'done') resolve(message.retrained);
      else if (message.kind === 'failed') reject(new RetrainError(message.failure));
      else if (message.kind === 'progress') onProgress(message.progress);
      else if (!signal.aborted) {
        writing = true;
        onProgress({ phase: 'write', done: 0, total: 1 });
        send({ kind: 'write' });
      }
    });
    child.on('error', reject);
    child.on('exit', (code, killer) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason);
      reject(new RetrainError(failureOfExit(code, killer)));
    });
    send({ kind: 'train', task });
  });
}

function failureOfExit(code: number | null, killer: NodeJS.Signals | null): RetrainFailure {
  // This process has not killed it. The kernel kills with this signal when the memory of the machine or container runs out.
  if (killer === 'SIGKILL') {
    return { reason: 'memory', detail: 'The training process was killed, as the system does when memory runs out.' };
  }
  const cause = killer === null ? `with exit code ${code}` : `by ${killer}`;
  return { reason: 'crashed', detail: `The training process ended ${cause}.` };
}
