import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite, makePrivateFolder } from '../../platform/atomic-write.ts';
import { type Lock, LockNotWritableError, tryLock } from '../../platform/file-lock.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import type { SharedState } from '../../postgres/shared-state.ts';
import { JOB_ID, jobSchema, type RetrainJob } from './job.ts';

/** The number of ended jobs that are kept for each model. */
const MAX_JOBS = 20;

/** The maximum size of a job. */
const MAX_BYTES = 1024 * 1024;

/** The jobs on disk. All processes that share the folder see them, and can request that a job is cancelled. */
export interface JobFiles {
  /**
   * Takes the lock of a model's jobs, of all replicas if they share a database. Returns undefined if it is not free.
   *
   * @throws {LockNotWritableError} if the folder cannot be written
   */
  tryLock(model: string): Promise<Lock | undefined>;
  /** Takes the lock of the jobs in this folder. In a folder that cannot be written, jobs are shown as they are. */
  tryLockFolder(model: string): Lock | undefined;
  /** Replaces a job in one step: readers find the old state or the new state, complete. */
  write(job: RetrainJob): Promise<void>;
  /** Reads a job; returns undefined where no job has the id. */
  read(id: string): Promise<RetrainJob | undefined>;
  /** Reads the jobs of a model, newest first. */
  list(model: string): Promise<RetrainJob[]>;
  /** Deletes the oldest ended jobs of a model. */
  prune(model: string): Promise<void>;
  /** Requests that a job is cancelled, for the process that runs it. */
  requestCancel(id: string): Promise<void>;
  isCancelRequested(id: string): Promise<boolean>;
  clearCancelRequest(id: string): Promise<void>;
}

/**
 * Opens the job files of a folder.
 *
 * @param folder created if it does not exist
 * @param shared the locks of all replicas, if they have a database
 */
export async function openJobFiles(folder: string, shared?: SharedState): Promise<JobFiles> {
  await makePrivateFolder(folder);
  const lockFolder = (model: string) => tryLock(join(folder, `${model}.lock`), `the retraining of ${model}`);
  const fileOf = (id: string) => join(folder, `${id}.json`);
  const cancelFileOf = (id: string) => join(folder, `${id}.cancel`);

  async function read(id: string): Promise<RetrainJob | undefined> {
    if (!JOB_ID.test(id)) return undefined;
    const text = await readRegularFile(fileOf(id), MAX_BYTES).catch(ignoreMissing);
    if (text === undefined) return undefined;
    try {
      return jobSchema.parse(JSON.parse(text.toString()));
    } catch {
      // Another release of Waymark wrote the file, or the file is damaged: the job cannot be shown.
      return undefined;
    }
  }

  async function list(model: string): Promise<RetrainJob[]> {
    const ids = (await readdir(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const jobs = await Promise.all(ids.sort().reverse().map(read));
    return jobs.filter((job) => job?.model === model).filter((job) => job !== undefined);
  }

  /** Takes the lock of all replicas. It ends with this process, or with its connection to the database. */
  async function lockReplicas(model: string, { acquire, release }: SharedState): Promise<Lock | undefined> {
    const held = await acquire(`retraining of ${model}`);
    return held === undefined ? undefined : { close: () => void release(held).catch(() => {}) };
  }

  return {
    async tryLock(model) {
      const lock = lockFolder(model);
      if (!lock || !shared) return lock;
      const other = await lockReplicas(model, shared).catch((error: unknown) => {
        lock.close();
        throw error;
      });
      if (!other) lock.close();
      return (
        other && {
          close() {
            other.close();
            lock.close();
          },
        }
      );
    },
    tryLockFolder(model) {
      try {
        return lockFolder(model);
      } catch (error) {
        if (error instanceof LockNotWritableError) return undefined;
        throw error;
      }
    },
    async write(job) {
      const file = fileOf(job.id);
      // All drafts have one name: the holder of the model's lock alone writes.
      await atomicWrite(file, `${JSON.stringify(job, null, 2)}\n`, { draft: `${file}.tmp`, mode: 0o600 });
    },
    read,
    list,
    async prune(model) {
      const old = (await list(model)).filter(({ state }) => state !== 'running').slice(MAX_JOBS);
      for (const { id } of old) await unlink(fileOf(id)).catch(ignoreMissing);
    },
    async requestCancel(id) {
      await atomicWrite(cancelFileOf(id), '', { mode: 0o600 });
    },
    isCancelRequested: (id) =>
      access(cancelFileOf(id)).then(
        () => true,
        () => false,
      ),
    async clearCancelRequest(id) {
      await unlink(cancelFileOf(id)).catch(ignoreMissing);
    },
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
