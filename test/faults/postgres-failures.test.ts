import { Client } from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openFeedbackStore } from '../../src/feedback/feedback-store.ts';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { feedbackWith } from '../feedback/feedback-with.ts';
import { postgresPrograms, startPostgres } from '../support/postgres.ts';
import { startStallingProxy } from '../support/stalling-proxy.ts';

const isMissing = postgresPrograms === undefined;

/** Starts a server for the time of a test. */
async function start(settings: Record<string, string> = {}) {
  const server = await startPostgres(settings);
  onTestFinished(() => server.remove());
  return server;
}

/** Opens the store of a service for the time of a test, and collects its faults. */
async function open(address: DatabaseAddress) {
  const faults: (string | undefined)[] = [];
  const store = await openFeedbackStore(address, (fault) => void faults.push(fault));
  onTestFinished(() => store.close());
  return { store, faults };
}

describe.skipIf(isMissing)(`the feedback store${isMissing ? ' (PostgreSQL is not installed)' : ''}`, () => {
  test('is away while all connections of the server are in use, and back when one is free', async () => {
    const server = await start({ max_connections: '6', superuser_reserved_connections: '0' });
    const address = await server.newDatabase('tcp');
    const others: Client[] = [];
    const connectionString = address.url;
    for (;;) {
      const client = new Client({ connectionString });
      client.on('error', () => {});
      if (
        !(await client.connect().then(
          () => true,
          () => false,
        ))
      )
        break;
      others.push(client);
    }
    const { store, faults } = await open(address);
    await expect(store.record(feedbackWith('a'))).rejects.toThrow(/too many clients|connection slots/);
    await Promise.all(others.map((client) => client.end()));
    await vi.waitFor(() => expect(faults.at(-1)).toBeUndefined(), 10_000);
    expect(await store.record(feedbackWith('a'))).toBe('recorded');
  }, 60_000);

  test('goes on with a standby after its promotion, with all acknowledged feedback', async () => {
    const server = await start();
    const address = await server.newDatabase('tcp');
    const proxy = await startStallingProxy(server.port);
    onTestFinished(() => proxy.close());
    const { store, faults } = await open({ url: address.url.replace(`:${server.port}/`, `:${proxy.port}/`) });
    await store.record(feedbackWith('before the standby'));
    const standby = await server.startStandby();
    onTestFinished(() => standby.stop());
    // A commit is acknowledged when both servers have it.
    await server.sql(address, "ALTER SYSTEM SET synchronous_standby_names TO '*'");
    await server.sql(address, 'SELECT pg_reload_conf()');
    const acknowledged: string[] = [];
    const give = async (id: string) => {
      if ((await store.record(feedbackWith(id)).catch(() => undefined)) === 'recorded') acknowledged.push(id);
    };
    for (let at = 0; at < 50; at += 1) await give(`before ${at}`);
    const during = Promise.all(Array.from({ length: 20 }, (_, at) => give(`during ${at}`)));
    await server.stop('SIGKILL');
    await during;
    proxy.retarget(standby.port);
    await vi.waitFor(() => expect(faults.at(-1)).toMatch(/read-only/), 10_000);
    await expect(store.record(feedbackWith('to the standby'))).rejects.toThrow();
    await standby.promote();
    await vi.waitFor(() => expect(faults.at(-1)).toBeUndefined(), 15_000);
    expect(acknowledged.length).toBeGreaterThanOrEqual(50);
    for (const id of acknowledged) expect([id, await store.record(feedbackWith(id))]).toEqual([id, 'repeated']);
    expect(await store.record(feedbackWith('after'))).toBe('recorded');
  }, 90_000);
});
