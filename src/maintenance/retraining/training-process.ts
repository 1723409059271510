/**
 * The process of one retraining: `runTraining` in a thread, while the main thread watches over it. It gives
 * way to others, ends itself where it takes more memory than allowed, and ends with the service that started it.
 */
import { join } from 'node:path';
import { ArtefactError, writeArtefact } from '../../artefacts/artefact.ts';
import { nextVersion } from '../../artefacts/versions.ts';
import { train } from '../../training/train.ts';
import type { TrainingResult } from '../../training/training-job.ts';
import { lowerPriority } from './lower-priority.ts';
import type { Retrained, RetrainFailure, RetrainMessage, RetrainOrder, RetrainTask } from './process-messages.ts';

/** How often the memory is looked at. */
const WATCH_MS = 50;

/** How often progress is told at most, besides each new phase. */
const TELL_MS = 250;

const dataErrors = new Set(['DataFileError', 'TrainingDataError']);

process.once('disconnect', () => process.exit(0));
const mayWrite = Promise.withResolvers<void>();
process.on('message', (order: RetrainOrder) => {
  if (order.kind === 'train') void run(order.task);
  else mayWrite.resolve();
});

async function run(task: RetrainTask): Promise<void> {
  lowerPriority(process.pid, task.niceness);
  const mostBytes = task.maxMemoryMB * 1024 * 1024;
  const tooMuch: RetrainFailure = {
    reason: 'memory',
    detail: `The training took more than the ${task.maxMemoryMB} MB that are allowed ("retrain.maxMemoryMB" in the model's policy.json).`,
  };
  // The heap has its limit from V8. Weights and features are outside of it, so the whole is watched too.
  setInterval(() => {
    if (process.memoryUsage.rss() > mostBytes) end({ kind: 'failed', failure: tooMuch });
  }, WATCH_MS);
  try {
    const result = await learn(task);
    tell({ kind: 'trained' });
    await mayWrite.promise;
    end({ kind: 'done', retrained: await write(task, result) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    end({ kind: 'failed', failure: code === 'ERR_WORKER_OUT_OF_MEMORY' ? tooMuch : failureOf(error as Error) });
  }
}

async function learn({ model, modelsFolder, data, dataFolder }: RetrainTask): Promise<TrainingResult> {
  let lastPhase = '';
  let lastTime = 0;
  return train(
    {
      source: { examples: data },
      feedback: dataFolder,
      name: model,
      version: await nextVersion(modelsFolder, model),
      algorithm: 'auto',
      tokenizer: 'auto',
      seed: 1,
    },
    {
      onProgress(progress) {
        const now = performance.now();
        if (progress.phase === lastPhase && now - lastTime < TELL_MS) return;
        lastPhase = progress.phase;
        lastTime = now;
        tell({ kind: 'progress', progress });
      },
    },
  );
}

/** Writes the version under the next number that is free when it is written. */
async function write({ model, modelsFolder }: RetrainTask, { manifest, bytes }: TrainingResult): Promise<Retrained> {
  for (let tries = 1; ; tries++) {
    const version = await nextVersion(modelsFolder, model);
    try {
      await writeArtefact(join(modelsFolder, model, version), { ...manifest, version }, bytes);
      return { version, bytes: bytes.byteLength, training: manifest.training };
    } catch (error) {
      // Somebody else may have written a version of that number at the same time.
      if (tries === 3 || !(error instanceof ArtefactError)) throw error;
    }
  }
}

function failureOf(error: Error): RetrainFailure {
  if (dataErrors.has(error.name)) return { reason: 'data', detail: error.message };
  if (error instanceof ArtefactError) return { reason: 'refused', detail: error.message };
  // The message of a defect may quote a text; where it is does not.
  const stack = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    reason: 'crashed',
    detail: `The training failed with ${error.name}; the logs say where.`,
    stack: stack.join('\n'),
  };
}

function tell(message: RetrainMessage): void {
  if (process.connected) process.send!(message);
}

let ending = false;

function end(message: RetrainMessage): void {
  if (ending) return;
  ending = true;
  if (process.connected) process.send!(message, () => process.exit(0));
  else process.exit(0);
}
