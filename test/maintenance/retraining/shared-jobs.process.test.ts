import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { RetrainJob } from '../../../src/maintenance/retraining/job.ts';
import { openJobFiles } from '../../../src/maintenance/retraining/job-files.ts';
import { shareJobs } from '../../../src/maintenance/retraining/shared-jobs.ts';
import type { DatabaseAddress } from '../../../src/postgres/address.ts';
import { createSharedState } from '../../../src/postgres/shared-state.ts';
import { post } from '../../http/in-process.ts';
import type { ServiceProcess } from '../../support/service-process.ts';
import { describeWithPostgres, openForTest } from '../../support/with-postgres.ts';
import { hasEnded, hasStarted, prepareFolders, serve, startRetraining, waitForJob } from './retrain-service.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-jobs-'));

/** The jobs of a replica with a folder of its own. */
async function openReplica(address: DatabaseAddress) {
  return shareJobs(await openJobFiles(await newFolder()), createSharedState(openForTest(address)));
}

const jobOf = (number: number, state: RetrainJob['state'] = 'succeeded'): RetrainJob => ({
  id: `abcdefg${String(number).padStart(2, '0')}-00000000`,
  model: 'mail',
  state,
  who: '',
  why: '',
  startedAt: new Date(0).toISOString(),
  endedAt: null,
  progress: { phase: 'start', done: 0, total: 1 },
  version: null,
  documents: null,
  feedback: null,
  failure: null,
  traceId: '0'.repeat(32),
});

/** Starts two replicas whose model is trained from many examples, so that a retraining takes some seconds. */
async function startReplicas(address: DatabaseAddress): Promise<ServiceProcess[]> {
  const folders = [await prepareFolders(30_000), await prepareFolders(30_000)];
  return Promise.all(
    folders.map(({ env, ...rest }) =>
      serve({ ...rest, env: { ...env, DATABASE_URL: address.url, PREDICTION_ID_KEY: 'a key of all replicas' } }),
    ),
  );
}

async function listJobs({ url }: ServiceProcess): Promise<RetrainJob[]> {
  return ((await (await fetch(`${url}/models/mail/retrain`)).json()) as { jobs: RetrainJob[] }).jobs;
}

describeWithPostgres('replicas with one database', (server) => {
  test('retrain a model one at a time, and different models at the same time', async () => {
    const address = await server().newDatabase();
    const [one, other] = [await openReplica(address), await openReplica(address)];
    const lock = await one.tryLock('mail');
    expect(lock).toBeDefined();
    expect(await other.tryLock('mail')).toBeUndefined();
    expect(await other.tryLock('spam')).toBeDefined();
    lock!.close();
    await vi.waitFor(async () => expect(await other.tryLock('mail')).toBeDefined(), 15_000);
  });

  test('show the jobs of each other, those of this replica also while the database is away', async () => {
    const address = await server().newDatabase();
    const [one, other] = [await openReplica(address), await openReplica(address)];
    await one.write(jobOf(1));
    await other.write(jobOf(2));
    for (const replica of [one, other]) expect(await replica.list('mail')).toEqual([jobOf(2), jobOf(1)]);
    expect(await other.read('mail', jobOf(1).id)).toEqual(jobOf(1));
    expect(await other.read('spam', jobOf(1).id)).toBeUndefined();
    expect(await other.list('spam')).toEqual([]);
    await server().stop('SIGQUIT');
    await one.write(jobOf(3));
    expect(await one.list('mail')).toEqual([jobOf(3), jobOf(1)]);
    await server().start();
    await vi.waitFor(async () => expect(await other.list('mail')).toEqual([jobOf(3), jobOf(2), jobOf(1)]), 15_000);
  }, 40_000);

  test('keep the last 20 ended jobs of all of them', async () => {
    const address = await server().newDatabase();
    const [one, other] = [await openReplica(address), await openReplica(address)];
    for (let number = 10; number < 36; number += 1) await (number % 2 ? one : other).write(jobOf(number));
    await one.write(jobOf(9, 'running'));
    await one.prune('mail');
    const kept = [...Array.from({ length: 20 }, (_, at) => jobOf(35 - at)), jobOf(9, 'running')];
    await other.prune('mail');
    expect(await other.list('mail')).toEqual(kept);
  });

  test('show, refuse and cancel a retraining of another one', async () => {
    const [one, other] = await startReplicas(await server().newDatabase());
    const job = await startRetraining(one!);
    await waitForJob(other!, job, hasStarted);
    expect((await listJobs(other!)).map(({ id, state }) => [id, state])).toEqual([[job.id, 'running']]);
    const refusal = await post(`${other!.url}/models/mail/retrain`, {});
    expect([refusal.status, await refusal.json()]).toEqual([
      409,
      expect.objectContaining({ detail: expect.stringContaining(job.id) }),
    ]);
    const cancelled = await fetch(`${other!.url}/models/mail/retrain/${job.id}`, { method: 'DELETE' });
    expect(await cancelled.json()).toMatchObject({ job: { state: 'cancelled' } });
    expect(await listJobs(one!)).toEqual(await listJobs(other!));
  }, 60_000);

  test('mark a job as failed whose replica was killed', async () => {
    const [one, other] = await startReplicas(await server().newDatabase());
    const job = await startRetraining(one!);
    await waitForJob(other!, job, hasStarted);
    one!.kill();
    const ended = await waitForJob(other!, job, hasEnded);
    expect(ended).toMatchObject({ state: 'failed', failure: { reason: 'interrupted' } });
  }, 60_000);
});
