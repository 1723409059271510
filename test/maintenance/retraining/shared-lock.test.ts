import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openJobFiles } from '../../../src/maintenance/retraining/job-files.ts';
import { openDatabase } from '../../../src/postgres/database.ts';
import { createSharedState } from '../../../src/postgres/shared-state.ts';
import { type PostgresServer, postgresPrograms, startPostgres } from '../../support/postgres.ts';

const isMissing = postgresPrograms === undefined;
const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-jobs-'));

describe.skipIf(isMissing)(`replicas with one database${isMissing ? ' (PostgreSQL is not installed)' : ''}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server.remove());

  test('retrain a model one at a time, and different models at the same time', async () => {
    const address = await server.newDatabase();
    const openReplica = async () => {
      const database = openDatabase(address, () => {});
      onTestFinished(() => database.close());
      return openJobFiles(await newFolder(), createSharedState(database));
    };
    const [one, other] = [await openReplica(), await openReplica()];
    const lock = await one.tryLock('mail');
    expect(lock).toBeDefined();
    expect(await other.tryLock('mail')).toBeUndefined();
    expect(await other.tryLock('spam')).toBeDefined();
    lock!.close();
    await vi.waitFor(async () => expect(await other.tryLock('mail')).toBeDefined(), 15_000);
  });
});
