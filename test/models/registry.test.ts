import { appendFile, cp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nextVersion } from '../../src/artefacts/versions.ts';
import { readChanges } from '../../src/models/audit.ts';
import { type ModelRegistry, openRegistry } from '../../src/models/registry.ts';
import type { RoleChange } from '../../src/models/roles.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';
import { silentLog } from '../support/silent-log.ts';
import { labelBy, labelOfSpam, smallModels, writeSmallVersion } from './small-models.ts';

const attribution = { actor: 'test', reason: 'because' };

/** Opens a registry that reads its folder only on `refresh`. */
async function open(folder: string): Promise<ModelRegistry & { lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const registry = await openRegistry({ folder, log, pollMs: 3_600_000 });
  onTestFinished(() => registry.close());
  return { ...registry, lines };
}

/** Returns the served versions by role, after a check that the active one predicts the right label. */
function served(registry: ModelRegistry) {
  const { active, shadow, canary, versions } = registry.models().get('spam')!;
  const { version } = active;
  expect(labelOfSpam(active)).toBe(labelBy(version));
  return {
    active: version,
    shadow: shadow?.version,
    canary: canary?.model.version,
    versions: versions.map((model) => model.version).join(),
  };
}

const change = (registry: ModelRegistry, requested: RoleChange) => registry.change('spam', requested, attribution);
const activate = (registry: ModelRegistry, version: string) => change(registry, { action: 'activate', version });
const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: { type?: string; message: string }) => `${error.type}: ${error.message}`,
  );
const messages = ({ lines }: { lines: Record<string, unknown>[] }, message: string) =>
  lines.filter(({ msg }) => msg === message);
const rolesFile = (folder: string) => join(folder, 'spam/roles.json');

describe('changes', () => {
  test('are on the disk, in memory, in the log and in the audit trail, each once', async () => {
    const folder = await smallModels('1', '2', '3');
    const registry = await open(folder);
    expect(served(registry)).toEqual({ active: '3', versions: '3,2,1' });
    await activate(registry, '1');
    await change(registry, { action: 'shadow', version: '2' });
    await change(registry, { action: 'canary', version: '3', share: 0.2 });
    await change(registry, { action: 'canary', version: '3', share: 0.2 });
    await change(registry, { action: 'rollback' });
    expect(served(registry)).toMatchObject({ active: '3', shadow: '2', canary: undefined });
    expect(served(await open(folder))).toMatchObject({ active: '3', shadow: '2', canary: undefined });

    const rows = await registry.changes('spam');
    expect(rows.map(({ revision, action, from, to }) => [revision, action, from, to])).toEqual([
      [4, 'rollback', '1', '3'],
      [3, 'canary', null, '3'],
      [2, 'shadow', null, '2'],
      [1, 'activate', '3', '1'],
    ]);
    expect(rows[0]).toMatchObject({ actor: 'test', reason: 'because' });
    expect(messages(registry, 'model changed').map((line) => line['classifier.change.to'])).toEqual([
      '1',
      '2',
      '3',
      '3',
    ]);
    expect(registry.roles('spam')).toMatchObject({ revision: 4, previous: ['2'] });
  });

  test('at the same time are made one after the other, also by two registries', async () => {
    const folder = await smallModels('1', '2', '3');
    const [one, two] = [await open(folder), await open(folder)];
    const requests = Array.from({ length: 20 }, (_, at) => activate(at % 2 ? one : two, String(1 + (at % 3))));
    await Promise.all(requests);
    const rows = (await readChanges(join(folder, 'spam'))).reverse();
    expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, at) => at + 1));
    for (const [at, { from }] of rows.entries()) expect(from).toBe(at === 0 ? '3' : rows[at - 1]!.to);
    await Promise.all([one.refresh(), two.refresh()]);
    expect(served(one)).toEqual(served(two));
    expect(served(one).active).toBe(rows.at(-1)!.to);
  });

  test('that are not possible have no effect', async () => {
    const folder = await smallModels('1', '2', '3');
    const registry = await open(folder);
    await truncate(join(folder, 'spam/2/weights.bin'), 100);
    expect(await problemOf(registry.change('none', { action: 'rollback' }, attribution))).toMatch(
      /^model-not-found: .*spam/,
    );
    expect(await problemOf(activate(registry, '9'))).toMatch(
      /^version-not-found: .* no such version; there are: 3, 2, 1/,
    );
    expect(await problemOf(activate(registry, '../spam/1'))).toMatch(/^version-not-found/);
    expect(await problemOf(activate(registry, '2'))).toMatch(/^model-damaged: Version "2" .*weights.bin has 100 bytes/);
    expect(await problemOf(change(registry, { action: 'shadow', version: '2' }))).toMatch(/^model-damaged/);
    expect(await problemOf(change(registry, { action: 'canary', version: '3' }))).toMatch(/^version-active/);
    expect(await registry.changes('spam')).toEqual([]);
    expect(served(registry)).toMatchObject({ active: '3', shadow: undefined });
  });

  test('a rollback skips versions that are damaged or deleted', async () => {
    const folder = await smallModels('1', '2', '3', '4');
    const registry = await open(folder);
    await truncate(join(folder, 'spam/3/weights.bin'), 100);
    await rm(join(folder, 'spam/2'), { recursive: true });
    await change(registry, { action: 'rollback' });
    expect(served(registry)).toEqual({ active: '1', versions: '4,3,1' });
    expect(await problemOf(change(registry, { action: 'rollback' }))).toMatch(/^nothing-to-roll-back/);
  });

  test('are rejected with a problem of their own if the folder cannot be written', async () => {
    const folder = await smallModels('1', '2');
    const registry = await open(folder);
    // Permissions do not stop root, so a lock file that cannot be opened stands for a read-only folder.
    await cp(join(folder, 'spam/1'), join(folder, 'spam/roles.lock'), { recursive: true });
    expect(await problemOf(activate(registry, '1'))).toMatch(/^models-read-only/);
    expect(served(registry)).toMatchObject({ active: '2' });
  });
});

describe('a refresh', () => {
  test('finds a new version, which becomes active without a roles file, and is recorded once', async () => {
    const folder = await smallModels('1');
    const [one, two] = [await open(folder), await open(folder)];
    const before = one.models().get('spam')!.versions[0];
    await writeSmallVersion(folder, 'spam', '2');
    await Promise.all([one.refresh(), two.refresh()]);
    expect([served(one), served(two)]).toEqual(Array(2).fill({ active: '2', versions: '2,1' }));
    expect(one.models().get('spam')!.versions[1]).toBe(before);
    expect(await one.changes('spam')).toEqual([
      expect.objectContaining({ revision: 0, actor: 'models folder', action: 'activate', from: '1', to: '2' }),
    ]);
    expect(messages(one, 'model changed')).toEqual([expect.objectContaining({ 'classifier.change.followed': true })]);
  });

  test('finds a new version, which gets no role if there is a roles file', async () => {
    const folder = await smallModels('1');
    const registry = await open(folder);
    await activate(registry, '1');
    await writeSmallVersion(folder, 'spam', '2');
    await registry.refresh();
    expect(served(registry)).toEqual({ active: '1', versions: '2,1' });
    expect(messages(registry, 'model changed')).toHaveLength(1);
  });

  test('finds a new model', async () => {
    const folder = await smallModels('1');
    const registry = await open(folder);
    await writeSmallVersion(folder, 'later', '1');
    await registry.refresh();
    expect([...registry.models().keys()]).toEqual(['spam', 'later']);
  });

  test('follows a change of another process', async () => {
    const folder = await smallModels('1', '2', '3');
    const [one, two] = [await open(folder), await open(folder)];
    await activate(one, '1');
    await change(one, { action: 'canary', version: '2', share: 0.4 });
    expect(served(two)).toMatchObject({ active: '3' });
    await two.refresh();
    expect(served(two)).toEqual(served(one));
    expect(two.models().get('spam')!.canary!.share).toBe(0.4);
    expect(await two.changes('spam')).toHaveLength(2);
  });

  test('refuses a version once for each state of its files, and loads it when it is whole', async () => {
    const folder = await smallModels('1');
    const registry = await open(folder);
    const weights = await readFile(join(folder, 'spam/1/weights.bin'));
    await writeSmallVersion(folder, 'spam', '2');
    await rename(join(folder, 'spam/2'), join(folder, 'spam/.2.tmp'));
    await cp(join(folder, 'spam/.2.tmp/manifest.json'), join(folder, 'spam/2/manifest.json'));
    for (let refreshes = 0; refreshes < 3; refreshes++) await registry.refresh();
    await writeFile(join(folder, 'spam/2/weights.bin'), weights.subarray(0, 1000));
    for (let refreshes = 0; refreshes < 3; refreshes++) await registry.refresh();
    expect(messages(registry, 'model refused')).toHaveLength(2);
    expect(served(registry)).toEqual({ active: '1', versions: '1' });
    await cp(join(folder, 'spam/.2.tmp/weights.bin'), join(folder, 'spam/2/weights.bin'));
    await registry.refresh();
    expect(served(registry)).toEqual({ active: '2', versions: '2,1' });
  });

  test('keeps serving a version whose files are damaged or deleted', async () => {
    const folder = await smallModels('1', '2');
    const registry = await open(folder);
    await activate(registry, '2');
    await truncate(join(folder, 'spam/2/weights.bin'), 100);
    await registry.refresh();
    expect(served(registry)).toMatchObject({ active: '2' });
    await rm(join(folder, 'spam/2'), { recursive: true });
    await registry.refresh();
    expect(served(registry)).toEqual({ active: '2', versions: '2,1' });
    await rm(join(folder, 'spam'), { recursive: true });
    await registry.refresh();
    expect(served(registry)).toMatchObject({ active: '2' });
  });
});

describe('roles that cannot be followed', () => {
  test.each([
    ['damaged', '{"format": 1, "act', /roles.json is damaged.*the roles stay as they were/s],
    ['name a version that does not exist', '{"format": 1, "active": "9"}', /version 9, which should be active/],
  ])('%s: the served versions stay, and the log reports it once', async (_, text, sentence) => {
    const folder = await smallModels('1', '2', '3');
    const registry = await open(folder);
    await activate(registry, '1');
    await change(registry, { action: 'shadow', version: '2' });
    await writeFile(rolesFile(folder), text);
    for (let refreshes = 0; refreshes < 3; refreshes++) await registry.refresh();
    expect(served(registry)).toMatchObject({ active: '1' });
    expect(messages(registry, 'roles not followed')).toEqual([
      expect.objectContaining({ level: 'error', reason: expect.stringMatching(sentence) }),
    ]);

    await activate(registry, '3');
    expect(served(registry)).toMatchObject({ active: '3' });
    expect(served(await open(folder))).toMatchObject({ active: '3' });
    expect((await registry.changes('spam')).flatMap(({ revision }) => revision || [])).toEqual([3, 2, 1]);
  });

  test('damaged at a start: the version that was activated last is served', async () => {
    const folder = await smallModels('1', '2', '3');
    await activate(await open(folder), '1');
    await writeFile(rolesFile(folder), '');
    const registry = await open(folder);
    expect(served(registry)).toMatchObject({ active: '1' });
    expect(messages(registry, 'roles not followed')).toHaveLength(1);
  });

  test('damaged at a start, without an audit trail: the newest version is served', async () => {
    const folder = await smallModels('1', '2', '3');
    await writeFile(rolesFile(folder), '[]');
    expect(served(await open(folder))).toMatchObject({ active: '3' });
  });

  test('the previous version is served if the active one is damaged at a start', async () => {
    const folder = await smallModels('1', '2', '3');
    const before = await open(folder);
    await activate(before, '1');
    await activate(before, '2');
    await truncate(join(folder, 'spam/2/weights.bin'), 100);
    const registry = await open(folder);
    expect(served(registry)).toMatchObject({ active: '1' });
    expect(messages(registry, 'roles not followed')[0]).toMatchObject({
      reason: 'version 2, which should be active, cannot be used; 1 is served',
    });
  });

  test('a shadow or canary that cannot be used is not served', async () => {
    const folder = await smallModels('1', '2', '3');
    const before = await open(folder);
    await change(before, { action: 'shadow', version: '1' });
    await change(before, { action: 'canary', version: '2' });
    for (const version of ['1', '2']) await rm(join(folder, 'spam', version), { recursive: true });
    await before.refresh();
    expect(served(before)).toEqual({ active: '3', shadow: '1', canary: '2', versions: '3,2,1' });
    expect(served(await open(folder))).toEqual({ active: '3', versions: '3' });
  });
});

describe('the audit trail', () => {
  test('is completed by the next process if a writer died before or while it wrote its row', async () => {
    const folder = await smallModels('1', '2', '3');
    const registry = await open(folder);
    await activate(registry, '1');
    const trail = join(folder, 'spam/audit.jsonl');
    const one = await readFile(trail, 'utf8');
    await activate(registry, '2');
    const both = await readFile(trail, 'utf8');
    for (const left of [one, one + both.slice(one.length, -30), both.slice(0, -1), '']) {
      await writeFile(trail, left);
      await open(folder);
      expect(await readFile(trail, 'utf8')).toBe(left === '' ? both.slice(one.length) : both);
    }
  });

  test('records an edit of the roles file once', async () => {
    const folder = await smallModels('1', '2');
    const [one, two] = [await open(folder), await open(folder)];
    await writeFile(rolesFile(folder), '{"format": 1, "active": "1"}');
    await Promise.all([one.refresh(), two.refresh()]);
    await Promise.all([one.refresh(), two.refresh()]);
    expect(served(one)).toMatchObject({ active: '1' });
    expect(await one.changes('spam')).toEqual([
      expect.objectContaining({ actor: 'models folder', from: '2', to: '1' }),
    ]);
    await activate(two, '2');
    expect((await one.changes('spam')).map(({ revision }) => revision)).toEqual([1, 0]);
  });

  test('is read with the former field names, and gets new rows with the former and the present ones', async () => {
    const folder = await smallModels('1', '2');
    const trail = join(folder, 'spam/audit.jsonl');
    const former = { revision: 1, at: 5, who: 'someone', what: 'activate', why: 'a try', from: '2', to: '1' };
    await writeFile(trail, `${JSON.stringify(former)}\n`);
    await writeFile(rolesFile(folder), JSON.stringify({ format: 1, revision: 1, active: '1', change: former }));
    const registry = await open(folder);
    await activate(registry, '2');
    expect(await registry.changes('spam')).toEqual([
      expect.objectContaining({ revision: 2, actor: 'test', action: 'activate', reason: 'because', from: '1' }),
      { revision: 1, at: 5, actor: 'someone', action: 'activate', reason: 'a try', from: '2', to: '1' },
    ]);
    const [first, second] = (await readFile(trail, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual(former);
    expect(second).toMatchObject({ actor: 'test', action: 'activate', reason: 'because' });
    expect(second).toMatchObject({ who: 'test', what: 'activate', why: 'because' });
    const { change } = JSON.parse(await readFile(rolesFile(folder), 'utf8')) as { change: unknown };
    expect(change).toEqual(second);
  });

  test('is read despite lines that are not rows', async () => {
    const folder = await smallModels('1', '2');
    const registry = await open(folder);
    await activate(registry, '1');
    await appendFile(join(folder, 'spam/audit.jsonl'), 'what is this\n{}\n');
    await activate(registry, '2');
    expect((await registry.changes('spam')).map(({ revision }) => revision)).toEqual([2, 1]);
  });
});

test('an unloaded model stays unloaded, also with new versions in its folder, until it is loaded', async () => {
  const folder = await smallModels('1');
  await writeSmallVersion(folder, 'other', '1');
  const registry = await open(folder);
  await registry.unload('other');
  await writeSmallVersion(folder, 'other', '2');
  await registry.refresh();
  expect([...registry.models().keys()]).toEqual(['spam']);
  await registry.load('other');
  expect(registry.models().get('other')!.active.version).toBe('2');
});

test('the number of a deleted version is not used again', async () => {
  const models = await smallModels('1', '5');
  const registry = await openRegistry({ folder: models, log: silentLog });
  await registry.close();
  await rm(join(models, 'spam/5'), { recursive: true });
  expect(await nextVersion(models, 'spam')).toBe('6');
});
