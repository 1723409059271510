import type { Lock } from '../../platform/file-lock.ts';
import type { SharedState } from '../../postgres/shared-state.ts';
import { JOB_ID, type RetrainJob } from './job.ts';
import { type JobFiles, oldJobs, parseJob } from './job-files.ts';

/** The pause in milliseconds before a job is sent again that the database did not take. */
const RETRY_MS = 2_000;

const prefixOf = (model: string) => `job of ${model}: `;
const nameOf = ({ model, id }: RetrainJob) => `${prefixOf(model)}${id}`;
const cancelOf = (id: string) => `cancelling of job ${id}`;

/**
 * Returns the jobs of all replicas that share a database. The files are those of the jobs that this replica has started. They
 * are shown while the database is away, and the database gets a change that it has missed once it is back.
 */
export function shareJobs(files: JobFiles, shared: SharedState): JobFiles {
  const unsent = new Map<string, RetrainJob>();
  let last: Promise<void> = Promise.resolve();

  /** Sends the latest state of a job after all earlier ones, and again later if the database does not take it. */
  function send(id: string): Promise<void> {
    last = last.then(async () => {
      const job = unsent.get(id);
      if (!job) return;
      try {
        await shared.putDocument(nameOf(job), JSON.stringify(job));
        if (unsent.get(id) === job) unsent.delete(id);
      } catch {
        setTimeout(() => void send(id), RETRY_MS).unref();
      }
    });
    return last;
  }

  /** Takes the lock of all replicas. It ends with this process, or with its connection to the database. */
  async function lockReplicas(model: string): Promise<Lock | undefined> {
    const held = await shared.acquire(`retraining of ${model}`);
    return held === undefined ? undefined : { close: () => void shared.release(held).catch(() => {}) };
  }

  async function list(model: string): Promise<RetrainJob[]> {
    const own = await files.list(model);
    const documents = await shared.readDocuments(prefixOf(model)).catch(() => undefined);
    if (!documents) return own;
    const stored = [...documents.values()].map(parseJob).filter((job) => job !== undefined);
    const jobs = [...own.filter(({ id }) => unsent.has(id)), ...stored.filter(({ id }) => !unsent.has(id))];
    return jobs.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  return {
    list,
    async tryLock(model) {
      const lock = await files.tryLock(model);
      const other =
        lock &&
        (await lockReplicas(model).catch((error: unknown) => {
          lock.close();
          throw error;
        }));
      if (!other) lock?.close();
      return (
        other && {
          close() {
            other.close();
            lock.close();
          },
        }
      );
    },
    async write(job) {
      await files.write(job);
      unsent.set(job.id, job);
      await send(job.id);
    },
    async read(model, id) {
      if (!JOB_ID.test(id)) return undefined;
      if (unsent.has(id)) return files.read(model, id);
      return shared.readDocument(`${prefixOf(model)}${id}`).then(
        (text) => (text === undefined ? undefined : parseJob(text)),
        () => files.read(model, id),
      );
    },
    async prune(model) {
      await files.prune(model);
      for (const job of oldJobs(await list(model))) await shared.deleteDocument(nameOf(job));
    },
    requestCancel: (id) => shared.putDocument(cancelOf(id), ''),
    isCancelRequested: (id) =>
      shared.readDocument(cancelOf(id)).then(
        (content) => content !== undefined,
        () => false,
      ),
    // A request that stays does no harm: its job has ended.
    clearCancelRequest: (id) => shared.deleteDocument(cancelOf(id)).catch(() => {}),
  };
}
