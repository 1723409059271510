import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RetrainProgress } from './job.ts';
import { lowerPriority } from './lower-priority.ts';
import type { Retrained, RetrainFailure, RetrainMessage, RetrainOrder, RetrainTask } from './process-messages.ts';

const entry = fileURLToPath(new URL('./training-process.ts', import.meta.url));

/** A retraining that led to nothing. */
export class RetrainError extends Error {
  override name = 'RetrainError';
  readonly failure: RetrainFailure;

  constructor(failure: RetrainFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}

/**
 * Retrains in a process of its own, of the lowest priority and bounded in memory, which ends when this one does.
 *
 * @param signal aborted, the process is killed and the promise is rejected with the signal's reason; a version that is
 *   just being written comes to its end first
 * @throws RetrainError where the training fails, however it ends
 */
export function runRetrainProcess(
  task: RetrainTask,
  onProgress: (progress: RetrainProgress) => void,
  signal: AbortSignal,
): Promise<Retrained> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    // The id is only there for people who look at the processes.
    // Nothing of this process's environment and options: neither its secrets nor its telemetry are the child's.
    const child = fork(entry, [task.job], {
      env: {},
      execArgv: [`--max-old-space-size=${task.maxMemoryMB}`],
      // A session of its own, for the sake of its priority; it ends with the channel to this process.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const order = (what: RetrainOrder) => child.send(what);
    // At once, before it has threads; it does so itself too, when it has.
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
        order({ kind: 'write' });
      }
    });
    child.on('error', reject);
    child.on('exit', (code, killer) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) reject(signal.reason);
      const how = killer === null ? `with exit code ${code}` : `by ${killer}`;
      reject(new RetrainError({ reason: 'crashed', detail: `The training's process was ended ${how}.` }));
    });
    order({ kind: 'train', task });
  });
}
