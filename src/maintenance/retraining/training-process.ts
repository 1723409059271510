/**
 * The entry of a training process. `runTraining` runs in a thread, while the main thread watches the memory. The process
 * has a low priority, ends itself above its memory limit, and ends when the service that started it ends.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeArtefact } from '../../artefacts/artefact.ts';
import { ArtefactError } from '../../artefacts/artefact-error.ts';
import { nextVersion } from '../../artefacts/versions.ts';
import { KeyFileError } from '../../signing/keys.ts';
import { readSigner } from '../../signing/signer.ts';
import { train } from '../../training/train.ts';
import type { TrainingResult } from '../../training/training-job.ts';
import { lowerPriority } from './lower-priority.ts';
import type {
  RetrainCommand,
  RetrainedVersion,
  RetrainFailure,
  RetrainMessage,
  RetrainTask,
} from './process-messages.ts';

const MEMORY_CHECK_MS = 50;

/** The shortest time between two progress messages of one phase. */
const PROGRESS_INTERVAL_MS = 250;

const MAX_WRITE_ATTEMPTS = 3;

const DATA_ERRORS = new Set(['DataFileError', 'TrainingDataError']);

process.once('disconnect', () => process.exit(0));
const mayWrite = Promise.withResolvers<void>();
process.on('message', (command: RetrainCommand) => {
  if (command.kind === 'train') void run(command.task);
  else mayWrite.resolve();
});

async function run(task: RetrainTask): Promise<void> {
  lowerPriority(process.pid, task.niceness);
  dieFirst();
  const maxBytes = task.maxMemoryMB * 1024 * 1024;
  const memoryFailure: RetrainFailure = {
    reason: 'memory',
    detail: `The training exceeded its limit of ${task.maxMemoryMB} MB of memory ("retrain.maxMemoryMB" in the model's policy.json sets it).`,
  };
  // V8 limits the heap. Weights and features lie outside the heap, so the resident set is watched too.
  setInterval(() => {
    if (process.memoryUsage.rss() > maxBytes) sendAndExit({ kind: 'failed', failure: memoryFailure });
  }, MEMORY_CHECK_MS);
  try {
    const result = await trainVersion(task);
    send({ kind: 'trained' });
    await mayWrite.promise;
    sendAndExit({ kind: 'done', retrained: await writeVersion(task, result) });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const failure = code === 'ERR_WORKER_OUT_OF_MEMORY' ? memoryFailure : failureOf(error as Error);
    sendAndExit({ kind: 'failed', failure });
  }
}

/** Makes this process the first that the kernel kills when memory runs out, so that the service stays alive. */
function dieFirst(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Only Linux has this file.
  }
}

async function trainVersion({
  model,
  modelsFolder,
  data,
  feedback,
  feedbackKeyFile,
  algorithm,
  tokenizer,
  encoder,
  runtimesFolder,
  testShare,
}: RetrainTask): Promise<TrainingResult> {
  let lastPhase = '';
  let lastTime = 0;
  return train(
    {
      source: { examples: data },
      feedback,
      feedbackKeyFile,
      name: model,
      version: await nextVersion(modelsFolder, model),
      algorithm,
      tokenizer,
      encoder,
      runtimesFolder,
      testShare,
      seed: 1,
    },
    {
      onProgress(progress) {
        const now = performance.now();
        if (progress.phase === lastPhase && now - lastTime < PROGRESS_INTERVAL_MS) return;
        lastPhase = progress.phase;
        lastTime = now;
        send({ kind: 'progress', progress });
      },
    },
  );
}

/** Writes the version under the next number that is free now: into the database, if versions are in one, or the folder. */
async function writeVersion(task: RetrainTask, result: TrainingResult): Promise<RetrainedVersion> {
  const { modelsFolder, modelsDatabase } = task;
  if (modelsDatabase === undefined) return writeNext(task, result, writeArtefact);
  const { fetchVersions, publishVersion, withSharedModels } = await import('../../models/sources/shared-models.ts');
  return withSharedModels(modelsDatabase, async (shared) => {
    await fetchVersions(modelsFolder, shared);
    return writeNext(task, result, (_folder, manifest, bytes, signer) =>
      publishVersion(modelsFolder, shared, manifest, bytes, signer),
    );
  });
}

async function writeNext(
  { model, modelsFolder, signingKey }: RetrainTask,
  { manifest, bytes }: TrainingResult,
  write: typeof writeArtefact,
): Promise<RetrainedVersion> {
  // The key is in memory for the time of the writing only.
  const signer = signingKey === undefined ? undefined : await readSigner(signingKey);
  for (let attempt = 1; ; attempt++) {
    const version = await nextVersion(modelsFolder, model);
    try {
      await write(join(modelsFolder, model, version), { ...manifest, version }, bytes, signer);
      return { version, bytes: bytes.byteLength, training: manifest.training };
    } catch (error) {
      // Another process may have written a version of the same number in the meantime.
      if (attempt === MAX_WRITE_ATTEMPTS || !(error instanceof ArtefactError)) throw error;
    }
  }
}

function failureOf(error: Error): RetrainFailure {
  if (DATA_ERRORS.has(error.name)) return { reason: 'data', detail: error.message };
  if (error instanceof ArtefactError || error instanceof KeyFileError || error.name === 'ModelsDatabaseError') {
    return { reason: 'refused', detail: error.message };
  }
  // The message of a defect may quote a text, so only the call sites are kept.
  const stack = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    reason: 'crashed',
    detail: `The training failed with ${error.name}; the log has the stack trace.`,
    stack: stack.join('\n'),
  };
}

function send(message: RetrainMessage): void {
  if (process.connected) process.send!(message);
}

let isExiting = false;

/** Sends the last message, and exits once it is sent. Later calls do nothing. */
function sendAndExit(message: RetrainMessage): void {
  if (isExiting) return;
  isExiting = true;
  if (process.connected) process.send!(message, () => process.exit(0));
  else process.exit(0);
}
