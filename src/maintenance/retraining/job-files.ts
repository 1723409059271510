import { access, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite, makePrivateFolder } from '../../platform/atomic-write.ts';
import { type Lock, tryLock } from '../../platform/file-lock.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { JOB_ID, jobSchema, type RetrainJob } from './job.ts';

/** The number of ended jobs that are kept for each model. */
const MAX_JOBS = 20;

/** The maximum size of a job. */
const MAX_BYTES = 1024 * 1024;

/** The jobs. All processes that share the folder, or the database, see them, and can request that a job is cancelled. */
export interface JobFiles {
  /**
   * Takes the lock of a model's jobs. Returns undefined if it is not free.
   *
   * @throws {LockNotWritableError} if the folder cannot be written
   */
  tryLock(model: string): Promise<Lock | undefined>;
  /** Replaces a job in one step: readers find the old state or the new state, complete. */
  write(job: RetrainJob): Promise<void>;
  /** Reads a job of a model; returns undefined where no job has the id. */
  read(model: string, id: string): Promise<RetrainJob | undefined>;
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
 */
export async function openJobFiles(folder: string): Promise<JobFiles> {
  await makePrivateFolder(folder);
  const fileOf = (id: string) => join(folder, `${id}.json`);
  const cancelFileOf = (id: string) => join(folder, `${id}.cancel`);

  async function read(id: string): Promise<RetrainJob | undefined> {
    if (!JOB_ID.test(id)) return undefined;
    const text = await readRegularFile(fileOf(id), MAX_BYTES).catch(ignoreMissing);
    return text && parseJob(text.toString());
  }

  async function list(model: string): Promise<RetrainJob[]> {
    const ids = (await readdir(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const jobs = await Promise.all(ids.sort().reverse().map(read));
    return jobs.filter((job) => job?.model === model).filter((job) => job !== undefined);
  }

  return {
    async read(model, id) {
      const job = await read(id);
      return job?.model === model ? job : undefined;
    },
    tryLock: async (model) => tryLock(join(folder, `${model}.lock`), `the retraining of ${model}`),
    async write(job) {
      const file = fileOf(job.id);
      // All drafts have one name: the holder of the model's lock alone writes.
      await atomicWrite(file, `${JSON.stringify(job, null, 2)}\n`, { draft: `${file}.tmp`, mode: 0o600 });
    },
    list,
    async prune(model) {
      for (const { id } of oldJobs(await list(model))) await unlink(fileOf(id)).catch(ignoreMissing);
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

/** Returns the job in a text; undefined if another release of Waymark wrote it, or if it is damaged: it cannot be shown. */
export function parseJob(text: string): RetrainJob | undefined {
  try {
    return jobSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Returns the ended jobs that are not kept. @param jobs the jobs of a model, newest first */
export function oldJobs(jobs: readonly RetrainJob[]): RetrainJob[] {
  return jobs.filter(({ state }) => state !== 'running').slice(MAX_JOBS);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
