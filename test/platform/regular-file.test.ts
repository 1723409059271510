import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listFolders } from '../../src/platform/list-folders.ts';
import { readRegularFile, withDeadline } from '../../src/platform/regular-file.ts';

const newFolder = () => mkdtemp(join(tmpdir(), 'waymark-files-'));

test('a regular file is read, also through a link', async () => {
  const folder = await newFolder();
  await writeFile(join(folder, 'file'), 'content');
  await symlink('file', join(folder, 'link'));
  expect(String(await readRegularFile(join(folder, 'link'), 7))).toBe('content');
  await expect(readRegularFile(join(folder, 'file'), 6)).rejects.toThrow('7 bytes, more than the maximum of 6');
});

test('a FIFO, a device and a folder are refused at once', async () => {
  const folder = await newFolder();
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  await symlink('/dev/zero', join(folder, 'zero'));
  for (const name of ['fifo', 'zero', '.']) {
    await expect(readRegularFile(join(folder, name), 1_000)).rejects.toThrow('not a regular file');
  }
});

test('work that hangs is given up, and is not repeated while it hangs', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await expect(withDeadline('/a/path', () => promise, 10)).rejects.toThrow('did not respond within 0.01 seconds');
  await expect(withDeadline('/a/path', async () => 'other', 10)).rejects.toThrow('since an earlier attempt');
  resolve('late');
  await promise;
  expect(await withDeadline('/a/path', async () => 'again', 1_000)).toBe('again');
});

test('folders and links to folders are listed, and nothing else', async () => {
  const folder = await newFolder();
  for (const name of ['one', '..data', '.hidden']) await mkdir(join(folder, name));
  await symlink('..data', join(folder, 'linked'));
  await symlink('missing', join(folder, 'broken'));
  await writeFile(join(folder, 'file'), '');
  await symlink('file', join(folder, 'link-to-file'));
  expect((await listFolders(folder)).sort()).toEqual(['linked', 'one']);
});
