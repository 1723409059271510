import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readPolicy } from '../../models/policy-file.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { ChangeAttribution } from '../../models/roles.ts';
import { type Lock, tryLock } from '../../platform/file-lock.ts';
import { Problem } from '../../platform/problems.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import type { RetrainJob } from './job.ts';
import { openJobFiles } from './job-files.ts';
import { followJob, type JobRun } from './job-runner.ts';
import { jobSpan, retrainTelemetry } from './job-telemetry.ts';
import type { RetrainTask } from './process-messages.ts';

/** Trains new versions of models from their original data and from feedback, one at a time for each model. */
export interface Retrainer {
  /**
   * Begins a retraining; its version becomes the model's shadow.
   *
   * @throws {Problem} where the original data are not declared, or a retraining of this model is running
   */
  start(model: string, by: ChangeAttribution): Promise<RetrainJob>;
  /** @throws {Problem} where the model has no such job */
  show(model: string, id: string): Promise<RetrainJob>;
  /** The last jobs of a model, latest first. */
  list(model: string): Promise<RetrainJob[]>;
  /**
   * Ends a job, whichever process runs it, and resolves to it; one that has ended stays as it is.
   *
   * @throws {Problem} where the model has no such job
   */
  cancel(model: string, id: string): Promise<RetrainJob>;
  /** Ends the jobs of this process. */
  close(): Promise<void>;
}

export interface RetrainerOptions {
  readonly modelsFolder: string;
  /** The service's `DATA_DIR`. */
  readonly dataFolder: string;
  readonly registry: Pick<ModelRegistry, 'roles' | 'models' | 'change'>;
  readonly instruments: Pick<Instruments, 'retrainJobs' | 'retrainDuration'>;
  readonly log: Log;
}

/** How long a cancelled job of another process is waited for. */
const CANCEL_MS = 5_000;

/** How often, and how often at most, a lock is tried that nobody seems to hold. */
const LOCK_TRIES = 10;
const LOCK_TRY_MS = 50;

/** Opens the jobs in `DATA_DIR/jobs`. Those whose process ended without ending them have failed. */
export async function createRetrainer(options: RetrainerOptions): Promise<Retrainer> {
  const { modelsFolder, dataFolder, registry, log } = options;
  const files = await openJobFiles(join(dataFolder, 'jobs'));
  const telemetry = retrainTelemetry(log, options.instruments);
  const own = new Map<string, JobRun>();
  let closed = false;

  /** A job as it is: one that says it is running, while nobody holds the lock of running jobs, was interrupted. */
  async function settled(job: RetrainJob): Promise<RetrainJob> {
    if (job.state !== 'running' || own.has(job.id)) return job;
    const lock = tryLock(files.lockOf(job.model), `the retraining of ${job.model}`);
    if (!lock) return job;
    try {
      const now = await files.read(job.id);
      if (now?.state !== 'running') return now ?? job;
      const detail = 'The process that ran it ended before it did.';
      const failed: RetrainJob = {
        ...now,
        state: 'failed',
        endedAt: new Date().toISOString(),
        failure: { reason: 'interrupted', detail },
      };
      await files.write(failed);
      await files.forgetToCancel(job.id);
      telemetry.ended(failed);
      return failed;
    } finally {
      lock.close();
    }
  }

  async function list(model: string): Promise<RetrainJob[]> {
    return Promise.all((await files.list(model)).map(settled));
  }

  async function show(model: string, id: string): Promise<RetrainJob> {
    const job = await files.read(id);
    if (job?.model === model) return settled(job);
    throw new Problem(
      'job-not-found',
      `The model ${model} has no retraining of this id; GET /models/${model}/retrain lists them.`,
    );
  }

  async function lockFor(model: string): Promise<Lock> {
    for (let tries = 1; ; tries++) {
      const lock = tryLock(files.lockOf(model), `the retraining of ${model}`);
      if (lock) return lock;
      const running = (await list(model)).find(({ state }) => state === 'running');
      // The holder may not have written its job yet, or be one that only looks after a dead one.
      if (running || tries === LOCK_TRIES) {
        const which = running ? `, ${running.id}: follow or cancel it at /models/${model}/retrain/${running.id}` : '';
        throw new Problem('retrain-running', `A retraining of ${model} is running${which}.`);
      }
      await delay(LOCK_TRY_MS);
    }
  }

  async function taskFor(job: string, model: string): Promise<RetrainTask> {
    const folder = join(modelsFolder, model);
    const { policy, problem } = await readPolicy(folder);
    const how = `policy.json in the model's folder says where they are, as {"data": PATH} relative to it; "npm run train -- --data FILE --model ${model}" writes that where there is none.`;
    if (problem !== undefined) throw new Problem('retrain-not-configured', `The model's ${problem}.`);
    if (policy.data === undefined) {
      throw new Problem('retrain-not-configured', `The original data of ${model} are not declared: ${how}`);
    }
    const data = resolve(folder, policy.data);
    await access(data, constants.R_OK).catch(() => {
      throw new Problem('retrain-not-configured', `The declared data of ${model} cannot be read: ${how}`);
    });
    const { maxMemoryMB, niceness } = policy.retrain;
    return { job, model, modelsFolder, data, dataFolder, maxMemoryMB, niceness };
  }

  /** Until roles are written the newest version is the active one, and that the new version must not be. */
  async function keepActive(model: string): Promise<void> {
    const roles = registry.roles(model);
    if (roles === undefined || roles.revision > 0) return;
    const reason = 'it stays active while a retrained version is tried';
    await registry.change(model, { action: 'activate', version: roles.active }, { actor: 'retrain', reason });
  }

  async function forget(run: JobRun, lock: Lock, { id, model }: RetrainJob): Promise<void> {
    await run.ended;
    own.delete(id);
    lock.close();
    // What could not be tidied up now is tidied up after the next one.
    await files.prune(model).catch(() => {});
  }

  return {
    show,
    list,
    async start(model, by) {
      if (closed) throw new Problem('not-ready', 'The service is stopping.', { 'retry-after': '1' });
      const id = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
      const task = await taskFor(id, model);
      const lock = await lockFor(model);
      try {
        await keepActive(model);
        const span = jobSpan(model, id);
        const job: RetrainJob = {
          id,
          model,
          state: 'running',
          who: by.actor,
          why: by.reason,
          startedAt: new Date().toISOString(),
          endedAt: null,
          progress: { phase: 'start', done: 0, total: 1 },
          version: null,
          documents: null,
          feedback: null,
          failure: null,
          traceId: span.traceId,
        };
        await files.write(job);
        const run = followJob(job, task, span, { files, telemetry, registry });
        own.set(id, run);
        void forget(run, lock, job);
        return job;
      } catch (error) {
        lock.close();
        throw error;
      }
    },
    async cancel(model, id) {
      const job = await show(model, id);
      if (job.state !== 'running') return job;
      const run = own.get(id);
      if (run) {
        run.cancel();
        await run.ended;
        return show(model, id);
      }
      await files.askToCancel(id);
      const deadline = performance.now() + CANCEL_MS;
      for (;;) {
        const now = await show(model, id);
        if (now.state !== 'running' || performance.now() > deadline) return now;
        await delay(LOCK_TRY_MS);
      }
    },
    async close() {
      closed = true;
      const runs = [...own.values()];
      for (const run of runs) run.interrupt();
      await Promise.all(runs.map(({ ended }) => ended));
    },
  };
}
