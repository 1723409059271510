import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LockNotWritableError, tryLock, withLock } from '../../src/platform/file-lock.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('lets one holder work at a time, and releases the lock after an error', async () => {
  const path = join(folder, 'one.lock');
  let holders = 0;
  const works = Array.from({ length: 8 }, (_, index) =>
    withLock(path, 'the test', async () => {
      holders += 1;
      expect(holders).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 2));
      holders -= 1;
      if (index % 2 === 1) throw new Error('failed');
      return index;
    }),
  );
  const results = await Promise.allSettled(works);
  expect(results.map(({ status }) => status)).toEqual(
    works.map((_, index) => (index % 2 === 1 ? 'rejected' : 'fulfilled')),
  );
});

test('tryLock returns undefined while there is a holder', () => {
  const path = join(folder, 'two.lock');
  const lock = tryLock(path, 'the test');
  expect(tryLock(path, 'the test')).toBeUndefined();
  lock!.close();
  const next = tryLock(path, 'the test');
  expect(next).toBeDefined();
  next!.close();
});

test('a lock file that is damaged is an error of the file system, with its path', async () => {
  const path = join(folder, 'damaged.lock');
  await writeFile(path, 'no lock file\n'.repeat(1_000));
  expect(() => tryLock(path, 'the test')).toThrow(expect.objectContaining({ code: 'EINVAL', path }));
});

test('a lock file that cannot be written is an error that names the purpose', async () => {
  const path = join(folder, 'folder.lock');
  await mkdir(path);
  expect(() => tryLock(path, 'the roles of the model spam')).toThrow(LockNotWritableError);
  await expect(withLock(path, 'the roles of the model spam', async () => {})).rejects.toThrow(
    'cannot write the lock of the roles of the model spam',
  );
});
