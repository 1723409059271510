import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atomicWrite, atomicWriteFolder } from '../../src/platform/atomic-write.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-atomic-'));
  file = join(folder, 'state.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('atomicWrite', () => {
  test('writes a new file, then replaces it, and leaves no draft', async () => {
    expect(await atomicWrite(file, 'one')).toBe(true);
    expect(await atomicWrite(file, new TextEncoder().encode('two'))).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('two');
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  test('keeps an existing file with ifAbsent', async () => {
    expect(await atomicWrite(file, 'one', { ifAbsent: true })).toBe(true);
    expect(await atomicWrite(file, 'two', { ifAbsent: true })).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('one');
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  test('lets exactly one of several writers win with ifAbsent', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index));
    const results = await Promise.all(contents.map((content) => atomicWrite(file, content, { ifAbsent: true })));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(await readFile(file, 'utf8')).toBe(contents[results.indexOf(true)]);
  });

  test('leaves one whole content when several writers replace the file at once', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(100_000));
    await Promise.all(contents.map((content) => atomicWrite(file, content)));
    expect(contents).toContain(await readFile(file, 'utf8'));
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  test('sets the permissions', async () => {
    await atomicWrite(file, 'secret', { mode: 0o600 });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('writes over a draft of a fixed name that a crash left', async () => {
    const draft = `${file}.tmp`;
    await writeFile(draft, 'a longer content, cut off in the mid');
    await atomicWrite(file, 'whole', { draft });
    expect(await readFile(file, 'utf8')).toBe('whole');
    expect(await readdir(folder)).toEqual(['state.json']);
  });

  test('removes the draft and keeps the old file when it fails', async () => {
    await mkdir(join(folder, 'occupied', 'inside'), { recursive: true });
    await expect(atomicWrite(join(folder, 'occupied'), 'content')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(folder)).toEqual(['occupied']);
    await expect(atomicWrite(join(folder, 'nowhere', 'file'), 'content')).rejects.toThrow('ENOENT');
  });
});

describe('atomicWriteFolder', () => {
  test('writes a folder with its parents, and leaves no draft', async () => {
    const target = join(folder, 'model', '1');
    await atomicWriteFolder(target, async (draft) => {
      expect(await readdir(join(folder, 'model'))).not.toContain('1');
      await writeFile(join(draft, 'a'), 'content', { flush: true });
    });
    expect(await readdir(join(folder, 'model'))).toEqual(['1']);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('content');
  });

  test('never replaces a folder with content', async () => {
    const target = join(folder, '1');
    const fill = (content: string) => (draft: string) => writeFile(join(draft, 'a'), content, { flush: true });
    await atomicWriteFolder(target, fill('first'));
    await expect(atomicWriteFolder(target, fill('second'))).rejects.toThrow(/ENOTEMPTY|EEXIST/);
    expect(await readFile(join(target, 'a'), 'utf8')).toBe('first');
    expect(await readdir(folder)).toEqual(['1']);
  });

  test('removes the draft if a file cannot be written', async () => {
    const target = join(folder, '1');
    const writing = atomicWriteFolder(target, async (draft) => {
      await writeFile(join(draft, 'a'), 'content');
      throw new Error('disk full');
    });
    await expect(writing).rejects.toThrow('disk full');
    expect(await readdir(folder)).toEqual([]);
  });
});
