import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { readOrCreateSigningKey } from '../../src/predictions/signing-key.ts';

let folder: string;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'waymark-')), 'data');
});

describe('readOrCreateSigningKey', () => {
  test('creates a key once and keeps it', async () => {
    const key = await readOrCreateSigningKey(folder);
    expect(key.length).toBe(32);
    expect(await readOrCreateSigningKey(folder)).toEqual(key);
    expect(await readdir(folder)).toEqual(['prediction-id.key']);
  });

  test('allows only the owner to read the file', async () => {
    await readOrCreateSigningKey(folder);
    expect((await stat(join(folder, 'prediction-id.key'))).mode & 0o777).toBe(0o600);
  });

  test('returns one key to concurrent callers', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => readOrCreateSigningKey(folder)));
    expect(new Set(keys.map(String)).size).toBe(1);
  });

  test('creates another key for another folder', async () => {
    const other = await readOrCreateSigningKey(`${folder}-2`);
    expect(await readOrCreateSigningKey(folder)).not.toEqual(other);
  });

  test('rejects a file without a key', async () => {
    await readOrCreateSigningKey(folder);
    await writeFile(join(folder, 'prediction-id.key'), '');
    await expect(readOrCreateSigningKey(folder)).rejects.toThrow('does not hold a key');
  });
});
