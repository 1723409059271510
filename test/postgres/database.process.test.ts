import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { type Database, openDatabase } from '../../src/postgres/database.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';

const authority = join(import.meta.dirname, '../fixtures/tls/authority.pem');

/** Opens a database for the time of a test, and collects its faults. */
function open(address: DatabaseAddress): Database & { readonly faults: (string | undefined)[] } {
  const faults: (string | undefined)[] = [];
  const database = openDatabase(address, (fault) => faults.push(fault));
  onTestFinished(() => database.close());
  return { ...database, faults };
}

describeWithPostgres('a database', (server) => {
  const versions = (address: DatabaseAddress) =>
    server().sql(address, 'SELECT version, compatible_with FROM waymark.migrations ORDER BY version');

  test('gets its tables once, however many processes start at the same time', async () => {
    const address = await server().newDatabase();
    const databases = Array.from({ length: 6 }, () => open(address));
    await Promise.all(databases.map(({ opened }) => opened));
    expect(databases.flatMap(({ faults }) => faults)).toEqual([]);
    const [first, ...later] = await versions(address);
    expect(first).toEqual({ version: 1, compatible_with: 1 });
    // The release before can use the tables after each migration, so that replicas can be replaced one by one.
    expect(later.length).toBeGreaterThan(0);
    for (const { version, compatible_with } of later) expect(Number(compatible_with)).toBeLessThan(Number(version));
  });

  test('is used when a newer release has changed its tables and this one may go on', async () => {
    const address = await server().newDatabase();
    await open(address).opened;
    await server().sql(address, 'INSERT INTO waymark.migrations (version, compatible_with) VALUES (99, 1)');
    const database = open(address);
    expect(await database.query('SELECT COUNT(*) AS count FROM feedback')).toEqual([{ count: '0' }]);
    expect((await versions(address)).at(-1)).toMatchObject({ version: 99 });
  });

  test('is not used when a newer release has changed its tables too much', async () => {
    const address = await server().newDatabase();
    await open(address).opened;
    await server().sql(address, 'INSERT INTO waymark.migrations (version, compatible_with) VALUES (99, 99)');
    const { faults, opened, query } = open(address);
    await opened;
    expect(faults).toEqual([
      expect.stringMatching(/changed by a newer version of Waymark, .*version 99 .*this one knows version \d+$/),
    ]);
    await expect(query('SELECT 1')).rejects.toThrow('newer version');
  });

  test('is not used with another encoding than UTF-8', async () => {
    const address = await server().newDatabase();
    await server().sql(address, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0");
    const { faults, opened } = open({ url: address.url.replace(/waymark_\d+/, 'latin') });
    await opened;
    expect(faults).toEqual(['the encoding of the database is LATIN1, and must be UTF8']);
  });

  test('gets its tables again if they are deleted while it is used', async () => {
    const address = await server().newDatabase();
    const { query, opened, faults } = open(address);
    await opened;
    await server().sql(address, 'DROP SCHEMA waymark CASCADE');
    await expect(query('SELECT * FROM feedback')).rejects.toThrow('does not exist');
    await vi.waitFor(() => expect(faults).toEqual([expect.stringContaining('does not exist'), undefined]), 15_000);
    expect(await query('SELECT * FROM feedback')).toEqual([]);
  });

  test('rejects a failing statement, and goes on', async () => {
    const { query, faults } = open(await server().newDatabase());
    await expect(query('SELECT 1 / 0')).rejects.toThrow('division by zero');
    expect(await query("SELECT 'ok' AS text")).toEqual([{ text: 'ok' }]);
    expect(faults).toEqual([]);
  });

  test('commits durably, also where the default is another one', async () => {
    const address = await server().newDatabase();
    await server().sql(
      address,
      `ALTER DATABASE ${new URL(address.url).pathname.slice(1)} SET synchronous_commit TO off`,
    );
    const { query } = open(address);
    expect(await query("SELECT current_setting('synchronous_commit') AS value")).toEqual([{ value: 'on' }]);
  });

  test('is connected with a password from a file, which is read for each connection', async () => {
    const { url } = await server().newDatabase('tcp');
    const passwordFile = join(await mkdtemp(join(tmpdir(), 'waymark-password-')), 'password');
    await writeFile(passwordFile, 'another password\n');
    const { faults, query } = open({ url, passwordFile });
    await expect(query('SELECT 1')).rejects.toThrow('password authentication failed');
    await writeFile(passwordFile, 'a-password\n');
    await vi.waitFor(() => expect(faults.at(-1)).toBeUndefined(), 15_000);
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('is connected with TLS, and its certificate is checked', async () => {
    const { url } = await server().newDatabase('tcp');
    const encrypted = open({ url: `${url}?sslmode=verify-full&sslrootcert=${authority}` });
    expect(await encrypted.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([{ ssl: true }]);
    const unknown = open({ url: `${url}?sslmode=verify-full` });
    await unknown.opened;
    expect(unknown.faults).toEqual([expect.stringMatching(/certificate/)]);
  });

  test.skipIf(process.platform !== 'linux')('is refused if its certificate has another address', async () => {
    const { url } = await server().newDatabase('tcp');
    const other = `${url.replace('127.0.0.1', '127.0.0.2')}?sslrootcert=${authority}`;
    const full = open({ url: `${other}&sslmode=verify-full` });
    await full.opened;
    expect(full.faults).toEqual([expect.stringContaining("IP: 127.0.0.2 is not in the cert's list")]);
    const authorityOnly = open({ url: `${other}&sslmode=verify-ca` });
    expect(await authorityOnly.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  describe('a lock', () => {
    test('is held by one session at a time, and ends with it', async () => {
      const address = await server().newDatabase();
      const [one, other] = [open(address), open(address)];
      const lock = await one.tryLock(9);
      expect(await lock!.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(await other.tryLock(9)).toBeUndefined();
      await server().sql(
        address,
        'SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = $$advisory$$ AND objid = 9',
      );
      await vi.waitFor(() => expect(lock!.isLost()).toBe(true), 15_000);
      await expect(lock!.query('SELECT 1')).rejects.toThrow('has ended');
      expect(await other.tryLock(9)).toBeDefined();
    });

    test('ends when its process is killed', async () => {
      const address = await server().newDatabase();
      const program = new URL('../../src/postgres/database.ts', import.meta.url).href;
      const script = `
        import { openDatabase } from ${JSON.stringify(program)};
        const database = openDatabase(${JSON.stringify(address)}, console.error);
        console.log((await database.tryLock(9)) !== undefined);
        setInterval(() => {}, 1_000);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [output] = (await once(child.stdout, 'data')) as [Buffer];
      expect(String(output).trim()).toBe('true');
      const { tryLock } = open(address);
      expect(await tryLock(9)).toBeUndefined();
      child.kill('SIGKILL');
      await once(child, 'exit');
      await vi.waitFor(async () => expect(await tryLock(9)).toBeDefined(), 15_000);
    });
  });

  test.each(['SIGKILL', 'SIGQUIT', 'SIGINT'] as const)(
    'is away after %s, and back after the start',
    async (signal) => {
      const { query, faults } = open(await server().newDatabase('tcp'));
      await query('SELECT 1');
      await server().stop(signal);
      // A process of a killed server can answer one more query before it notices the end of the server.
      await vi.waitFor(() => expect(query('SELECT 1')).rejects.toThrow(), 15_000);
      // While it is away, a query does not wait.
      await vi.waitFor(() => expect(faults.length).toBeGreaterThan(0), 15_000);
      const began = performance.now();
      await expect(query('SELECT 1')).rejects.toThrow();
      expect(performance.now() - began).toBeLessThan(2_500);
      await server().start();
      await vi.waitFor(() => expect(faults.at(-1)).toBeUndefined(), 15_000);
      expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
    120_000,
  );
});
