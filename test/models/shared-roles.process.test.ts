import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type ModelRegistry, openRegistry } from '../../src/models/registry.ts';
import { parseRoles } from '../../src/models/roles.ts';
import type { DatabaseAddress } from '../../src/postgres/address.ts';
import { openDatabase } from '../../src/postgres/database.ts';
import { createSharedState } from '../../src/postgres/shared-state.ts';
import { silentLog } from '../support/silent-log.ts';
import { describeWithPostgres } from '../support/with-postgres.ts';
import { smallModels } from './small-models.ts';

const by = { actor: 'a test', reason: '' };

/** Starts a replica for the time of a test, with a database, and a folder of its own if none is given. */
async function startReplica(address?: DatabaseAddress, folder?: string) {
  const models = folder ?? (await smallModels('1', '2', '3'));
  const database = address && openDatabase(address, () => {});
  const registry = await openRegistry({
    folder: models,
    log: silentLog,
    pollMs: 50,
    shared: database && createSharedState(database),
  });
  const stop = async () => {
    await registry.close();
    await database?.close();
  };
  onTestFinished(stop);
  return { registry, folder: models, stop };
}

const activeOf = (registry: ModelRegistry) => registry.models().get('spam')?.active.version;
const activate = (registry: ModelRegistry, version: string) =>
  registry.change('spam', { action: 'activate', version }, by);
const fileOf = async (folder: string) => parseRoles(await readFile(join(folder, 'spam/roles.json'), 'utf8'));

describeWithPostgres('the roles of replicas', (server) => {
  test('are followed by all of them, with the audit trail', async () => {
    const address = await server().newDatabase();
    const replicas = [await startReplica(address), await startReplica(address), await startReplica(address)];
    const [one, other, third] = replicas.map(({ registry }) => registry);
    await activate(one!, '1');
    await other!.change('spam', { action: 'shadow', version: '2' }, by);
    await vi.waitFor(() => expect(replicas.map(({ registry }) => activeOf(registry))).toEqual(['1', '1', '1']), 10_000);
    await third!.change('spam', { action: 'canary', version: '3', share: 0.5 }, by);
    await vi.waitFor(async () => {
      const trails = await Promise.all(replicas.map(({ registry }) => registry.changes('spam')));
      expect(new Set(trails.map((trail) => JSON.stringify(trail))).size).toBe(1);
      expect(trails[0]!.map(({ action }) => action)).toEqual(['canary', 'shadow', 'activate']);
    }, 15_000);
    await vi.waitFor(async () => {
      const files = await Promise.all(replicas.map(({ folder }) => fileOf(folder)));
      expect(files.map(({ revision }) => revision)).toEqual([3, 3, 3]);
    }, 15_000);
  });

  test('are changed by several of them at the same time, one after the other', async () => {
    const address = await server().newDatabase();
    const replicas = [await startReplica(address), await startReplica(address), await startReplica(address)];
    await Promise.all(
      replicas.map(async ({ registry }, at) => {
        for (let change = 0; change < 8; change += 1) await activate(registry, String(1 + ((change + at) % 3)));
      }),
    );
    await vi.waitFor(async () => {
      const trails = await Promise.all(replicas.map(({ registry }) => registry.changes('spam')));
      for (const trail of trails) {
        const rows = trail.toReversed();
        expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, at) => at + 1));
        expect(rows.slice(1).map(({ from }) => from)).toEqual(rows.slice(0, -1).map(({ to }) => to));
        expect(JSON.stringify(trail)).toBe(JSON.stringify(trails[0]));
      }
      expect(new Set(replicas.map(({ registry }) => activeOf(registry)))).toEqual(new Set([trails[0]![0]!.to]));
    }, 10_000);
  }, 60_000);

  test('from before there was a database, or that a command has set, are those of all', async () => {
    const address = await server().newDatabase();
    const alone = await startReplica();
    await activate(alone.registry, '1');
    await alone.stop();
    const [first, second] = [await startReplica(address, alone.folder), await startReplica(address)];
    await vi.waitFor(() => expect(activeOf(second.registry)).toBe('1'), 10_000);
    const command = await startReplica(undefined, first.folder);
    await activate(command.registry, '2');
    await vi.waitFor(
      () => expect([first, second].map(({ registry }) => activeOf(registry))).toEqual(['2', '2']),
      5_000,
    );
  });

  test('are put back if the database has lost them', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address);
    await activate(one.registry, '1');
    await vi.waitFor(async () => expect((await fileOf(one.folder)).revision).toBe(1), 15_000);
    await server().sql(address, 'DELETE FROM waymark.documents');
    const other = await startReplica(address);
    await vi.waitFor(() => expect([activeOf(one.registry), activeOf(other.registry)]).toEqual(['1', '1']), 10_000);
  });

  test('stay while the database is away, also at a start, and cannot be changed', async () => {
    const address = await server().newDatabase();
    const [one, other] = [await startReplica(address), await startReplica(address)];
    await activate(one.registry, '1');
    await vi.waitFor(async () => expect((await fileOf(other.folder)).revision).toBe(1), 15_000);
    await server().stop('SIGQUIT');
    await expect(activate(one.registry, '2')).rejects.toMatchObject({ type: 'storage-unavailable' });
    await other.stop();
    const started = await startReplica(address, other.folder);
    await started.registry.refresh();
    expect([activeOf(one.registry), activeOf(started.registry)]).toEqual(['1', '1']);
    await server().start();
    await vi.waitFor(() => activate(started.registry, '2'), { timeout: 15_000, interval: 200 });
    await vi.waitFor(() => expect(activeOf(one.registry)).toBe('2'), 15_000);
  }, 60_000);
});
