import { setTimeout as delay } from 'node:timers/promises';
import type { ModelRegistry } from '../../models/registry.ts';
import type { RetrainJob } from './job.ts';
import type { JobFiles } from './job-files.ts';
import type { JobSpan, RetrainTelemetry } from './job-telemetry.ts';
import type { Retrained, RetrainFailure, RetrainTask } from './process-messages.ts';
import { RetrainError, runRetrainProcess } from './run-training-process.ts';

/** How often another process may have asked to cancel. */
const LOOK_MS = 250;

/** A job that this process runs. */
export interface JobRun {
  cancel(): void;
  /** Ends it for the sake of this process's own end. */
  interrupt(): void;
  /** Resolves when it has ended, well or not, and its file says so. */
  readonly ended: Promise<void>;
}

interface Surroundings {
  readonly files: JobFiles;
  readonly telemetry: RetrainTelemetry;
  readonly registry: Pick<ModelRegistry, 'change'>;
}

class Cancelled extends Error {
  override name = 'Cancelled';
}

/** Runs a job to its end: trains in a process of its own, keeps its file up to date, and makes the new version shadow. */
export function followJob(
  begun: RetrainJob,
  task: RetrainTask,
  span: JobSpan,
  { files, telemetry, registry }: Surroundings,
): JobRun {
  const stop = new AbortController();
  const { id, model } = begun;
  let job = begun;
  let written: Promise<void> = Promise.resolve();
  let retrained: Retrained | undefined;

  function update(change: Partial<RetrainJob>): void {
    job = { ...job, ...change };
    const now = job;
    // One after the other; a state that could not be written is made up for by the next.
    written = written.catch(() => {}).then(() => files.write(now));
    written.catch(() => {});
  }

  async function train(): Promise<Partial<RetrainJob>> {
    try {
      retrained = await runRetrainProcess(task, (progress) => update({ progress }), stop.signal);
      const { version, training } = retrained;
      update({ version, documents: training.documents, feedback: training.feedback ?? null });
      await registry.change(model, { action: 'shadow', version }, { actor: 'retrain', reason: whyOf(job) });
      return { state: 'succeeded', progress: { phase: 'write', done: 1, total: 1 } };
    } catch (error) {
      if (error instanceof Cancelled) return { state: 'cancelled' };
      return { state: 'failed', failure: failed(error) };
    }
  }

  function failed(error: unknown): NonNullable<RetrainJob['failure']> {
    const failure = failureOf(error, retrained);
    telemetry.failed(job, failure, error);
    return { reason: failure.reason, detail: failure.detail };
  }

  async function watch(): Promise<void> {
    const { signal } = stop;
    while (!signal.aborted) {
      await delay(LOOK_MS, undefined, { signal, ref: false }).catch(() => {});
      if (await files.isAskedToCancel(id)) stop.abort(new Cancelled());
    }
  }

  async function follow(): Promise<void> {
    telemetry.started(job);
    void watch();
    const outcome = await train();
    update({ ...outcome, endedAt: new Date().toISOString() });
    await written.then(() => files.forgetToCancel(id)).catch((error: unknown) => telemetry.unwritten(job, error));
    telemetry.ended(job, retrained);
    span.end(job, retrained);
  }

  return {
    cancel: () => stop.abort(new Cancelled()),
    interrupt: () => stop.abort(new RetrainError({ reason: 'interrupted', detail: 'The service was stopped.' })),
    ended: span.within(follow).finally(() => stop.abort()),
  };
}

function whyOf({ id, why }: RetrainJob): string {
  return why === '' ? `retraining ${id}` : `retraining ${id}: ${why}`;
}

function failureOf(error: unknown, retrained: Retrained | undefined): RetrainFailure {
  if (error instanceof RetrainError) return error.failure;
  const { message } = error as Error;
  if (retrained) return { reason: 'refused', detail: `Version ${retrained.version} did not become shadow: ${message}` };
  return { reason: 'crashed', detail: `The training's process could not be started: ${message}` };
}
