import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { nextVersion } from '../../../src/artefacts/versions.ts';
import { type ModelRegistry, openRegistry } from '../../../src/models/registry.ts';
import { readVersionFiles } from '../../../src/models/sources/version-files.ts';
import type { DatabaseAddress } from '../../../src/postgres/address.ts';
import { createSharedState } from '../../../src/postgres/shared-state.ts';
import { createVersionStore } from '../../../src/postgres/version-store.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';
import { failingStart, type LogLine } from '../../support/service-process.ts';
import { describeWithPostgres, openForTest } from '../../support/with-postgres.ts';
import { labelBy, labelOfSpam, smallModels, writeSmallVersion } from '../small-models.ts';

const by = { actor: 'a test', reason: '' };
const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-cache-'));

/** Starts a replica for the time of a test, with a folder of its own if none is given. */
async function startReplica(address: DatabaseAddress, folder?: string, pollMs = 50) {
  const models = folder ?? (await newFolder());
  const database = openForTest(address);
  const lines: LogLine[] = [];
  const faults = new Map<string, string | undefined>();
  const registry = await openRegistry({
    folder: models,
    log: createLog('info', { write: (line) => void lines.push(JSON.parse(line) as LogLine) }),
    pollMs,
    shared: createSharedState(database),
    versions: createVersionStore(database),
    reportFault: (part, item, reason) => {
      const isNews = faults.get(`${part} ${item}`) !== reason;
      faults.set(`${part} ${item}`, reason);
      return isNews;
    },
  });
  onTestFinished(() => registry.close());
  const messages = (msg: string) =>
    lines.filter((line) => line.msg === msg).map((line) => line['classifier.model.version']);
  return { registry, folder: models, messages, fault: () => faults.get('models the database') };
}

const versionsOf = (registry: ModelRegistry) =>
  registry
    .models()
    .get('spam')
    ?.versions.map(({ version }) => version);
const activate = (registry: ModelRegistry, version: string) =>
  registry.change('spam', { action: 'activate', version }, by);

describeWithPostgres('versions in a database', (server) => {
  const damage = (address: DatabaseAddress, version: string) =>
    server().sql(
      address,
      `UPDATE waymark.version_files SET content = 'x' WHERE version = '${version}' AND path = 'weights.bin'`,
    );

  test('are stored from the folder of one replica, and fetched by the others, all files of them', async () => {
    const address = await server().newDatabase();
    const models = await smallModels('1', '2');
    await writeFile(join(models, 'spam/2/NOTICE'), 'about this version');
    const one = await startReplica(address, models);
    const other = await startReplica(address);
    expect(versionsOf(other.registry)).toEqual(['2', '1']);
    expect(one.messages('model stored')).toEqual(['1', '2']);
    expect(other.messages('model fetched').toSorted()).toEqual(['1', '2']);
    for (const version of ['1', '2']) {
      expect(await readVersionFiles(join(other.folder, 'spam', version))).toEqual(
        await readVersionFiles(join(models, 'spam', version)),
      );
    }
    expect(labelOfSpam(other.registry.models().get('spam')!.active)).toBe(labelBy('2'));
  });

  test('that are new are followed, and fetched before their role', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address, await smallModels('1'));
    const other = await startReplica(address);
    await activate(one.registry, '1');
    await writeSmallVersion(one.folder, 'spam', '2');
    await one.registry.refresh();
    await activate(one.registry, '2');
    await vi.waitFor(() => expect(other.registry.models().get('spam')?.active.version).toBe('2'), 10_000);
    expect(other.messages('roles not followed')).toEqual([]);
    // A replica that has not polled since can be asked for the change too.
    await writeSmallVersion(one.folder, 'spam', '3');
    await one.registry.refresh();
    const late = await startReplica(address, undefined, 3_600_000);
    await writeSmallVersion(one.folder, 'spam', '4');
    await one.registry.refresh();
    await activate(late.registry, '4');
    expect(late.registry.models().get('spam')?.active.version).toBe('4');
  });

  test('serve from the copies while the database is away, also at a start, which says so', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address, await smallModels('1'));
    const other = await startReplica(address);
    await other.registry.close();
    await server().stop('SIGQUIT');
    const started = await startReplica(address, other.folder);
    expect(versionsOf(started.registry)).toEqual(['1']);
    expect(started.fault()).toMatch(/copies in .* serve/);
    await server().start();
    await writeSmallVersion(one.folder, 'spam', '2');
    await vi.waitFor(() => expect(versionsOf(started.registry)).toEqual(['2', '1']), 20_000);
    expect(started.fault()).toBeUndefined();
  }, 60_000);

  test('that are damaged in the database are refused, until they are repaired', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address, await smallModels('1', '2'));
    await damage(address, '2');
    const other = await startReplica(address);
    expect(versionsOf(other.registry)).toEqual(['1']);
    expect(other.registry.refused()).toEqual([
      {
        model: 'spam',
        version: '2',
        kind: 'damaged',
        reason: expect.stringContaining('weights.bin is damaged in the database'),
      },
    ]);
    expect(other.messages('model refused')).toEqual(['2']);
    expect(versionsOf(one.registry)).toEqual(['2', '1']);
    await expect(activate(other.registry, '2')).rejects.toMatchObject({ type: 'model-damaged' });
    const weights = await readFile(join(one.folder, 'spam/2/weights.bin'), 'hex');
    await server().sql(
      address,
      `UPDATE waymark.version_files SET content = '\\x${weights}' WHERE version = '2' AND path = 'weights.bin'`,
    );
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 31_000);
    onTestFinished(() => clock.mockRestore());
    await vi.waitFor(() => expect(versionsOf(other.registry)).toEqual(['2', '1']), 10_000);
    expect(other.registry.refused()).toEqual([]);
    // A file that is missing is found too.
    await server().sql(address, "DELETE FROM waymark.version_files WHERE version = '1' AND path = 'manifest.json'");
    const third = await startReplica(address);
    expect(third.registry.refused().map(({ version }) => version)).toEqual(['1']);
  });

  test('replace a copy that differs, which is kept aside', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address, await smallModels('1'));
    const folder = await newFolder();
    // The swapped model under the number of the other one.
    await writeSmallVersion(folder, 'spam', '1');
    const changed = `${await readFile(join(folder, 'spam/1/manifest.json'), 'utf8')}\n`;
    await writeFile(join(folder, 'spam/1/manifest.json'), changed);
    const other = await startReplica(address, folder);
    expect(other.messages('model replaced')).toEqual(['1']);
    expect(await readVersionFiles(join(folder, 'spam/1'))).toEqual(await readVersionFiles(join(one.folder, 'spam/1')));
    expect(await readFile(join(folder, 'spam/.1.replaced/manifest.json'), 'utf8')).toBe(changed);
  });

  test('that were deleted leave all folders, and their numbers are not used again', async () => {
    const address = await server().newDatabase();
    const one = await startReplica(address, await smallModels('1', '2'));
    const other = await startReplica(address);
    await activate(one.registry, '1');
    expect(await createVersionStore(openForTest(address)).remove('spam', '2')).toBe(true);
    await vi.waitFor(() => {
      expect([versionsOf(one.registry), versionsOf(other.registry)]).toEqual([['1'], ['1']]);
    }, 10_000);
    expect(await readdir(join(one.folder, 'spam'))).not.toContain('2');
    const third = await startReplica(address);
    expect(await nextVersion(third.folder, 'spam')).toBe('3');
    // An image that still has the version does not bring it back.
    await writeSmallVersion(third.folder, 'spam', '2');
    await third.registry.refresh();
    expect(versionsOf(third.registry)).toEqual(['1']);
  });

  test('of several replicas that start with the same ones are stored once', async () => {
    const address = await server().newDatabase();
    const folders = await Promise.all([smallModels('1', '2'), smallModels('1', '2'), smallModels('1', '2')]);
    const replicas = await Promise.all(folders.map((folder) => startReplica(address, folder)));
    expect(replicas.flatMap(({ messages }) => messages('model stored')).toSorted()).toEqual(['1', '2']);
    expect(replicas.flatMap(({ messages }) => messages('model replaced'))).toEqual([]);
  });

  test('are fetched once by processes that share a folder', async () => {
    const address = await server().newDatabase();
    await startReplica(address, await smallModels('1', '2', '3'));
    const folder = await newFolder();
    const processes = await Promise.all([1, 2, 3].map(() => startReplica(address, folder)));
    for (const { registry } of processes) expect(versionsOf(registry)).toEqual(['3', '2', '1']);
    expect(processes.flatMap(({ messages }) => messages('model fetched')).toSorted()).toEqual(['1', '2', '3']);
  });

  test('are there whole or not at all', async () => {
    const address = await server().newDatabase();
    const store = createVersionStore(openForTest(address));
    const files = await readVersionFiles(join(await smallModels('1'), 'spam/1'));
    const [first] = files.files;
    await expect(store.add('spam', '1', { ...files, files: [...files.files, first!] })).rejects.toThrow();
    expect(await store.list()).toEqual([]);
    expect(await store.add('spam', '1', files)).toBe(true);
    expect(await store.add('spam', '1', files)).toBe(false);
    expect(await store.read('spam', '1')).toEqual({
      digest: files.digest,
      files: expect.arrayContaining(files.files.map((file) => ({ ...file, content: Buffer.from(file.content) }))),
    });
  });

  test('with a name that leads out of the folder are not written', async () => {
    const address = await server().newDatabase();
    const store = createVersionStore(openForTest(address));
    const files = await readVersionFiles(join(await smallModels('1'), 'spam/1'));
    await store.add('..', '1', files);
    await store.add('spam', '../../1', files);
    const outside = files.files.map((file) => ({ ...file, path: `../../${file.path}` }));
    await store.add('spam', '3', { ...files, files: outside });
    const { folder, registry } = await startReplica(address);
    expect(await readdir(join(folder, 'spam')).catch(() => [])).not.toContain('3');
    expect(await readdir(join(folder, '..'))).not.toContain('manifest.json');
    expect(registry.refused().map(({ version }) => version)).toEqual(['3']);
  });

  test('that a folder has in part are not stored', async () => {
    const address = await server().newDatabase();
    const models = await smallModels('1', '2');
    await rm(join(models, 'spam/2/weights.bin'));
    await cp(join(models, 'spam/1'), join(models, 'spam/9'), { recursive: true });
    const one = await startReplica(address, models);
    expect(one.messages('model stored')).toEqual(['1']);
  });
});

test('a start with versions in a database, and without a database, names the setting', async () => {
  const { code, stderr } = await failingStart({ MODELS_STORE: 'database' });
  expect([code, stderr]).toEqual([
    78,
    'MODELS_STORE: "database" cannot be used without DATABASE_URL; allowed: folder\n',
  ]);
});
