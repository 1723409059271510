import { access, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../../platform/atomic-write.ts';
import { jobId, jobSchema, type RetrainJob } from './job.ts';

/** How many jobs of a model are remembered. */
const MOST_JOBS = 20;

/** Jobs on disk: every process that shares the folder sees them, and can ask that one be cancelled. */
export interface JobFiles {
  /** Where the lock of a model's jobs is. */
  lockOf(model: string): string;
  /** Writes a job whole: who reads it finds the old state or the new one. */
  write(job: RetrainJob): Promise<void>;
  /** A job; undefined where there is none of that id. */
  read(id: string): Promise<RetrainJob | undefined>;
  /** The jobs of a model, latest first. */
  list(model: string): Promise<RetrainJob[]>;
  /** Forgets the oldest jobs of a model. */
  prune(model: string): Promise<void>;
  askToCancel(id: string): Promise<void>;
  isAskedToCancel(id: string): Promise<boolean>;
  /** Takes the question back, once it is answered. */
  forgetToCancel(id: string): Promise<void>;
}

/** @param folder made if it is not there */
export async function openJobFiles(folder: string): Promise<JobFiles> {
  await mkdir(folder, { recursive: true });
  const fileOf = (id: string) => join(folder, `${id}.json`);
  const cancelFileOf = (id: string) => join(folder, `${id}.cancel`);

  async function read(id: string): Promise<RetrainJob | undefined> {
    if (!jobId.test(id)) return undefined;
    const text = await readFile(fileOf(id), 'utf8').catch(absent);
    if (text === undefined) return undefined;
    try {
      return jobSchema.parse(JSON.parse(text));
    } catch {
      // Of another Waymark, or damaged from outside: not a job that could be shown.
      return undefined;
    }
  }

  async function list(model: string): Promise<RetrainJob[]> {
    const ids = (await readdir(folder)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
    const jobs = await Promise.all(ids.sort().reverse().map(read));
    return jobs.filter((job) => job?.model === model).filter((job) => job !== undefined);
  }

  return {
    lockOf: (model) => join(folder, `${model}.lock`),
    async write(job) {
      const file = fileOf(job.id);
      // All drafts have one name: the holder of the model's lock alone writes.
      await atomicWrite(file, `${JSON.stringify(job, null, 2)}\n`, { draft: `${file}.tmp` });
    },
    read,
    list,
    async prune(model) {
      const old = (await list(model)).filter(({ state }) => state !== 'running').slice(MOST_JOBS);
      for (const { id } of old) await unlink(fileOf(id)).catch(absent);
    },
    askToCancel: (id) => writeFile(cancelFileOf(id), ''),
    isAskedToCancel: (id) =>
      access(cancelFileOf(id)).then(
        () => true,
        () => false,
      ),
    async forgetToCancel(id) {
      await unlink(cancelFileOf(id)).catch(absent);
    },
  };
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
