import { setTimeout as delay } from 'node:timers/promises';
import type { ModelRegistry } from '../../models/registry.ts';
import type { RetrainJob } from './job.ts';
import type { JobFiles } from './job-files.ts';
import type { JobSpan, RetrainTelemetry } from './job-telemetry.ts';
import type { RetrainedVersion, RetrainFailure, RetrainTask } from './process-messages.ts';
import { RetrainError, runTrainingProcess } from './run-training-process.ts';

/** The interval of the checks for a cancel request from another process. */
const CANCEL_CHECK_MS = 250;

/** A job that runs in this process. */
export interface JobRun {
  cancel(): void;
  /** Ends the job because this process stops. */
  interrupt(): void;
  /** Resolves when the job has ended, with or without success, and its file is written. */
  readonly ended: Promise<void>;
}

interface JobEnvironment {
  readonly files: JobFiles;
  readonly telemetry: RetrainTelemetry;
  readonly registry: Pick<ModelRegistry, 'change'>;
}

class CancelledError extends Error {
  override name = 'CancelledError';
}

/** Starts a job: trains in a separate process, keeps the job file up to date, and makes the new version shadow. */
export function runJob(
  initialJob: RetrainJob,
  task: RetrainTask,
  span: JobSpan,
  { files, telemetry, registry }: JobEnvironment,
): JobRun {
  const stop = new AbortController();
  const { id, model } = initialJob;
  let job = initialJob;
  let written: Promise<void> = Promise.resolve();
  let retrained: RetrainedVersion | undefined;

  function update(change: Partial<RetrainJob>): void {
    job = { ...job, ...change };
    const snapshot = job;
    // The writes run one after another. If one fails, the next one writes the newer state.
    written = written.catch(() => {}).then(() => files.write(snapshot));
    written.catch(() => {});
  }

  async function train(): Promise<Partial<RetrainJob>> {
    try {
      retrained = await runTrainingProcess(task, (progress) => update({ progress }), stop.signal);
      const { version, training } = retrained;
      update({ version, documents: training.documents, feedback: training.feedback ?? null });
      await registry.change(model, { action: 'shadow', version }, { actor: 'retrain', reason: reasonOf(job) });
      return { state: 'succeeded', progress: { phase: 'write', done: 1, total: 1 } };
    } catch (error) {
      if (error instanceof CancelledError) return { state: 'cancelled' };
      return { state: 'failed', failure: recordFailure(error) };
    }
  }

  function recordFailure(error: unknown): NonNullable<RetrainJob['failure']> {
    const failure = failureOf(error, retrained);
    telemetry.recordFailure(job, failure, error);
    return { reason: failure.reason, detail: failure.detail };
  }

  async function watchCancelRequests(): Promise<void> {
    const { signal } = stop;
    while (!signal.aborted) {
      await delay(CANCEL_CHECK_MS, undefined, { signal, ref: false }).catch(() => {});
      if (await files.isCancelRequested(id)) stop.abort(new CancelledError());
    }
  }

  async function run(): Promise<void> {
    telemetry.recordStart(job);
    void watchCancelRequests();
    const outcome = await train();
    update({ ...outcome, endedAt: new Date().toISOString() });
    await written
      .then(() => files.clearCancelRequest(id))
      .catch((error: unknown) => telemetry.recordWriteError(job, error));
    telemetry.recordEnd(job, retrained);
    span.end(job, retrained);
  }

  return {
    cancel: () => stop.abort(new CancelledError()),
    interrupt: () => stop.abort(new RetrainError({ reason: 'interrupted', detail: 'The service was stopped.' })),
    ended: span.within(run).finally(() => stop.abort()),
  };
}

function reasonOf({ id, why }: RetrainJob): string {
  return why === '' ? `retraining ${id}` : `retraining ${id}: ${why}`;
}

function failureOf(error: unknown, retrained: RetrainedVersion | undefined): RetrainFailure {
  if (error instanceof RetrainError) return error.failure;
  const { message } = error as Error;
  if (retrained) return { reason: 'refused', detail: `Version ${retrained.version} did not become shadow: ${message}` };
  return { reason: 'crashed', detail: `The training process could not be started: ${message}` };
}
