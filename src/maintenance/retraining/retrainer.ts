import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../artefacts/manifest.ts';
import type { Policy } from '../../models/policy-file.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { ChangeAttribution } from '../../models/roles.ts';
import type { Lock } from '../../platform/file-lock.ts';
import { Problem } from '../../platform/problems.ts';
import type { SharedState } from '../../postgres/shared-state.ts';
import { encoderFolder } from '../../runtimes/encoder-files.ts';
import { requireSigningKey, type Signatures } from '../../signing/settings.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { readDeclaredData } from './declared-data.ts';
import type { RetrainJob } from './job.ts';
import { openJobFiles } from './job-files.ts';
import { type JobRun, runJob } from './job-runner.ts';
import { createRetrainTelemetry, startJobSpan } from './job-telemetry.ts';
import { defaultMaxMemoryMB } from './memory-limit.ts';
import type { RetrainTask } from './process-messages.ts';
import { shareJobs } from './shared-jobs.ts';

/** Trains new versions from the original data and the feedback. Each model has one retraining at a time. */
export interface Retrainer {
  /**
   * Starts a retraining. Its version becomes the model's shadow.
   *
   * @throws {Problem} if the original data are not declared, or a retraining of this model is running
   */
  start(model: string, by: ChangeAttribution): Promise<RetrainJob>;
  /**
   * Reads a job.
   *
   * @throws {Problem} if the model has no such job
   */
  show(model: string, id: string): Promise<RetrainJob>;
  /** Reads the last jobs of a model, newest first. */
  list(model: string): Promise<RetrainJob[]>;
  /**
   * Cancels a job in this process or another process, and resolves to the job. A job that has ended does not change.
   *
   * @throws {Problem} if the model has no such job
   */
  cancel(model: string, id: string): Promise<RetrainJob>;
  /** Interrupts the jobs of this process, and resolves when they have ended. */
  close(): Promise<void>;
}

/** Dependencies of {@link createRetrainer}. */
export interface RetrainerOptions
  extends Pick<RetrainTask, 'feedback' | 'feedbackKeyFile' | 'runtimesFolder' | 'modelsDatabase'> {
  readonly modelsFolder: string;
  /** The service's `DATA_DIR`, which holds the jobs. */
  readonly dataFolder: string;
  /** The locks and documents of all replicas, if they share a database. */
  readonly shared?: SharedState | undefined;
  /** The number of processes that serve requests on this machine. */
  readonly servingProcesses: number;
  /** The signatures that versions need, and the key that signs the trained ones. */
  readonly signatures?: Signatures;
  readonly registry: Pick<ModelRegistry, 'roles' | 'models' | 'change'>;
  readonly instruments: Pick<Instruments, 'retrainJobs' | 'retrainDuration'>;
  readonly log: Log;
  /** Receives each retraining that starts, and the promise of its end. */
  readonly onRun?: (job: RetrainJob, ended: Promise<unknown>) => void;
}

/** The longest wait for another process to end a cancelled job. */
const CANCEL_TIMEOUT_MS = 5_000;

/** The number of attempts to take the lock of a model that has no running job, and the time between two attempts. */
const MAX_LOCK_ATTEMPTS = 10;
const RETRY_MS = 50;

/** Opens the jobs in `DATA_DIR/jobs`, or of all replicas that share a database. A job fails if its process ended before the job. */
export async function createRetrainer(options: RetrainerOptions): Promise<Retrainer> {
  const { modelsFolder, dataFolder, feedback, feedbackKeyFile, runtimesFolder, servingProcesses } = options;
  const { modelsDatabase, signatures, registry, log } = options;
  const ownFiles = await openJobFiles(join(dataFolder, 'jobs'));
  const files = options.shared ? shareJobs(ownFiles, options.shared) : ownFiles;
  const telemetry = createRetrainTelemetry(log, options.instruments);
  const ownRuns = new Map<string, JobRun>();
  let closed = false;

  /** Returns a job, and marks it as failed if its file says that it is running while no process holds the lock. */
  async function resolveInterrupted(job: RetrainJob): Promise<RetrainJob> {
    if (job.state !== 'running' || ownRuns.has(job.id)) return job;
    // In a folder that cannot be written, and while the database is away, jobs are shown as they are.
    const lock = await files.tryLock(job.model).catch(() => undefined);
    if (!lock) return job;
    try {
      const current = await files.read(job.model, job.id);
      if (current?.state !== 'running') return current ?? job;
      const detail = 'The process of the job ended before the job.';
      const failed: RetrainJob = {
        ...current,
        state: 'failed',
        endedAt: new Date().toISOString(),
        failure: { reason: 'interrupted', detail },
      };
      await files.write(failed);
      await files.clearCancelRequest(job.id);
      telemetry.recordEnd(failed);
      return failed;
    } finally {
      lock.close();
    }
  }

  async function list(model: string): Promise<RetrainJob[]> {
    return Promise.all((await files.list(model)).map(resolveInterrupted));
  }

  async function show(model: string, id: string): Promise<RetrainJob> {
    const job = await files.read(model, id);
    if (job) return resolveInterrupted(job);
    throw new Problem(
      'job-not-found',
      `The model ${model} has no retraining with this id; GET /models/${model}/retrain lists its retrainings.`,
    );
  }

  async function acquireLock(model: string): Promise<Lock> {
    for (let attempt = 1; ; attempt++) {
      const lock = await files.tryLock(model);
      if (lock) return lock;
      const running = (await list(model)).find(({ state }) => state === 'running');
      // The holder may not have written its job yet, or may only be marking an interrupted job as failed.
      if (running || attempt === MAX_LOCK_ATTEMPTS) {
        const path = running ? `; GET or DELETE /models/${model}/retrain/${running.id} to see or cancel it` : '';
        throw new Problem('retrain-running', `A retraining of ${model} is already running${path}.`);
      }
      await delay(RETRY_MS);
    }
  }

  async function createTask(job: string, model: string): Promise<RetrainTask> {
    const { policy, data } = await readDeclaredData(modelsFolder, model);
    const signingKey = signatures && requireSigningKey(signatures);
    const { maxMemoryMB = defaultMaxMemoryMB(servingProcesses), niceness } = policy.retrain;
    const settings = trainingSettings(modelsFolder, registry.models().get(model)?.active.manifest, policy);
    const places = { modelsFolder, modelsDatabase, feedback, feedbackKeyFile, runtimesFolder };
    return { job, model, data, ...places, ...settings, maxMemoryMB, niceness, signingKey };
  }

  /** Writes the active version into the roles: without roles, the newest version would become active. */
  async function pinActive(model: string): Promise<void> {
    const roles = registry.roles(model);
    if (roles === undefined || roles.revision > 0) return;
    const reason = 'it stays active while a retrained version is tried';
    await registry.change(model, { action: 'activate', version: roles.active }, { actor: 'retrain', reason });
  }

  async function cleanUpAfter(run: JobRun, lock: Lock, { id, model }: RetrainJob): Promise<void> {
    await run.ended;
    ownRuns.delete(id);
    lock.close();
    // If this fails, the next job deletes the old files.
    await files.prune(model).catch(() => {});
  }

  return {
    show,
    list,
    async start(model, by) {
      if (closed) throw new Problem('not-ready', 'The service is stopping.', { 'retry-after': '1' });
      const id = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
      const task = await createTask(id, model);
      const lock = await acquireLock(model);
      try {
        await pinActive(model);
        const span = startJobSpan(model, id);
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
        const run = runJob(job, task, span, { files, telemetry, registry });
        ownRuns.set(id, run);
        options.onRun?.(job, run.ended);
        void cleanUpAfter(run, lock, job);
        return job;
      } catch (error) {
        lock.close();
        throw error;
      }
    },
    async cancel(model, id) {
      const job = await show(model, id);
      if (job.state !== 'running') return job;
      const run = ownRuns.get(id);
      if (run) {
        run.cancel();
        await run.ended;
        return show(model, id);
      }
      await files.requestCancel(id);
      const deadline = performance.now() + CANCEL_TIMEOUT_MS;
      for (;;) {
        const current = await show(model, id);
        if (current.state !== 'running' || performance.now() > deadline) return current;
        await delay(RETRY_MS);
      }
    },
    async close() {
      closed = true;
      const runs = [...ownRuns.values()];
      for (const run of runs) run.interrupt();
      await Promise.all(runs.map(({ ended }) => ended));
    },
  };
}

/**
 * Returns the algorithm, the tokenizer, the encoder and the test share of a retraining: those of the active version, unless the policy names
 * others. A choice among all algorithms would be made by chance where several are nearly equal.
 */
function trainingSettings(
  modelsFolder: string,
  active: Manifest | undefined,
  { retrain }: Policy,
): Pick<RetrainTask, 'algorithm' | 'tokenizer' | 'encoder' | 'testShare'> {
  const own = active && ('weightStep' in active ? active : 'linear' in active ? active.linear : undefined);
  return {
    encoder: active && encoderOf(modelsFolder, active),
    algorithm: retrain.algorithm === 'same' ? (own?.algorithm ?? 'auto') : retrain.algorithm,
    tokenizer: retrain.tokenizer === 'same' ? (own?.features.tokenizer ?? 'auto') : retrain.tokenizer,
    testShare: retrain.testShare === 'same' ? active?.training.testShare : retrain.testShare,
  };
}

/** Returns the encoder of a version, which is in the models folder. An imported classifier has nothing to train. */
function encoderOf(modelsFolder: string, manifest: Manifest): RetrainTask['encoder'] {
  if (!('encoder' in manifest) || manifest.algorithm === 'onnx') return undefined;
  const { algorithm: kind, encoder, cascade } = manifest;
  return { folder: encoderFolder(modelsFolder, encoder.sha256), kind, share: cascade?.share };
}
