import { type FileHandle, mkdtemp, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createMaildirDelivery } from '../../src/gateway/delivery.ts';
import { openRegistry } from '../../src/models/registry.ts';
import { atomicWrite, atomicWriteFolder } from '../../src/platform/atomic-write.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';
import { smallModels } from '../models/small-models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-unsynced-'));
});

/** Makes `fsync` of folders fail. No file system of a test machine does so when it is asked to. */
async function failToSyncFolders(code = 'EIO'): Promise<void> {
  const handle = await open('/dev/null');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const { sync } = prototype;
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function (this: FileHandle) {
    if ((await this.stat()).isDirectory()) throw Object.assign(new Error(`${code}: fsync`), { code });
    return sync.call(this);
  });
  onTestFinished(() => spy.mockRestore());
}

describe('while the names of a folder cannot be written to the disk', () => {
  test('a new file that is reported as failed is not there', async () => {
    await failToSyncFolders();
    const file = join(folder, 'key');
    await expect(atomicWrite(file, 'new', { ifAbsent: true })).rejects.toMatchObject({ code: 'EIO', path: file });
    expect(await readdir(folder)).toEqual([]);
  });

  test('a new folder that is reported as failed is not there', async () => {
    await failToSyncFolders();
    await expect(atomicWriteFolder(join(folder, 'model/1'), async () => {})).rejects.toMatchObject({ code: 'EIO' });
    expect(await readdir(join(folder, 'model'))).toEqual([]);
  });

  test('a replaced file has the new content, and the caller is told', async () => {
    const file = join(folder, 'state');
    await writeFile(file, 'old');
    await failToSyncFolders();
    const errors: unknown[] = [];
    expect(await atomicWrite(file, 'new', { onUnsynced: (error) => errors.push(error) })).toBe(true);
    expect(errors).toEqual([expect.objectContaining({ code: 'EIO' })]);
    expect(await readFile(file, 'utf8')).toBe('new');
    await expect(atomicWrite(file, 'newer')).rejects.toMatchObject({ code: 'EIO' });
  });

  test('a mail that is refused is not delivered', async () => {
    const { openSession } = await createMaildirDelivery(folder);
    await failToSyncFolders();
    await expect(openSession().deliver(Buffer.from('a mail'))).rejects.toMatchObject({ code: 'EIO' });
    for (const part of ['new', 'tmp']) expect(await readdir(join(folder, part))).toEqual([]);
  });

  test('a change of roles takes effect, is answered as such, and is logged until it is on the disk', async () => {
    const models = await smallModels('1', '2');
    const lines: string[] = [];
    const log = createLog('debug', { write: (line) => void lines.push(line) });
    const registry = await openRegistry({ folder: models, log, pollMs: 1_000_000 });
    onTestFinished(() => registry.close());
    await registry.change('spam', { action: 'activate', version: '2' }, { actor: 'api', reason: '' });
    await failToSyncFolders();
    const versions = await registry.change('spam', { action: 'activate', version: '1' }, { actor: 'api', reason: '' });
    expect(versions.active.version).toBe('1');
    expect(await readFile(join(models, 'spam/roles.json'), 'utf8')).toContain('"active": "1"');
    const unsynced = () => lines.filter((line) => line.includes('roles not on disk'));
    expect(unsynced()).toHaveLength(1);
    await registry.refresh('spam');
    expect(unsynced()).toHaveLength(2);
    vi.restoreAllMocks();
    await registry.refresh('spam');
    await failToSyncFolders();
    await registry.refresh('spam');
    expect(unsynced()).toHaveLength(2);
    const changes = await registry.changes('spam');
    expect(changes.map(({ to }) => to)).toEqual(['1', '2']);
  });
});

test('a file system that does not sync folders is used as it is', async () => {
  await failToSyncFolders('EINVAL');
  await atomicWrite(join(folder, 'state'), 'new');
  expect((await stat(join(folder, 'state'))).size).toBe(3);
});
