import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listVersions, nextVersion, recordVersions } from '../../src/artefacts/versions.ts';

let models: string;
beforeAll(async () => {
  models = await mkdtemp(join(tmpdir(), 'waymark-versions-'));
  for (const version of ['10', '9', '2026-01-01', 'beta', '.9.abc.tmp']) {
    await mkdir(join(models, 'mail', version), { recursive: true });
  }
  await writeFile(join(models, 'mail', 'README.md'), '');
});
afterAll(() => rm(models, { recursive: true }));

test('listVersions sorts numbers by their size, then other names, and ignores files and draft folders', async () => {
  expect(await listVersions(models, 'mail')).toEqual(['9', '10', '2026-01-01', 'beta']);
});

test('nextVersion returns the number after the highest, and 1 for a new model', async () => {
  expect(await nextVersion(models, 'mail')).toBe('11');
  expect(await nextVersion(models, 'new')).toBe('1');
});

test('nextVersion never returns the number of a deleted version', async () => {
  await recordVersions(models, 'mail', await listVersions(models, 'mail'));
  await rm(join(models, 'mail'), { recursive: true });
  await mkdir(join(models, 'mail'));
  // Without the file in the folder of the model nothing is known of it.
  expect(await nextVersion(models, 'mail')).toBe('1');
  await recordVersions(models, 'mail', ['3', 'a name', '7']);
  await recordVersions(models, 'mail', ['2']);
  expect(await nextVersion(models, 'mail')).toBe('8');
  await writeFile(join(models, 'mail/highest-version.json'), 'damaged');
  expect(await nextVersion(models, 'mail')).toBe('1');
});
