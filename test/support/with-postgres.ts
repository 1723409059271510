import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { type PostgresServer, postgresPrograms, startPostgres } from './postgres.ts';

/**
 * Describes tests with a PostgreSQL server of their own. They are skipped where it is not installed, except in CI.
 *
 * @param tests receives a function that returns the server, once a test runs
 */
export function describeWithPostgres(name: string, tests: (server: () => PostgresServer) => void): void {
  const isMissing = postgresPrograms === undefined;
  let server: PostgresServer;
  describe.skipIf(isMissing)(`${name}${isMissing ? ' (PostgreSQL is not installed)' : ''}`, () => {
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server.remove());
    tests(() => server);
  });
}

/** Opens a database for the time of a test. */
export function openForTest(address: DatabaseAddress): Database {
  const database = openDatabase(address, () => {});
  onTestFinished(() => database.close());
  return database;
}
