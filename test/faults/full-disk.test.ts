import { expect, test } from 'vitest';
import { post, serve } from '../http/in-process.ts';
import { writeSmallVersion } from '../models/small-models.ts';
import { canMount, mountSmallDisk } from '../support/small-disk.ts';

// Seed 103 of the chaos run was answered with 500: the lock of the roles could not be taken.
test.skipIf(!canMount)('a change of roles on a full disk is refused as such (needs root)', async () => {
  const { folder: models, fill } = await mountSmallDisk('8m');
  for (const version of ['1', '2']) await writeSmallVersion(models, 'spam', version);
  const { url } = await serve({ MODELS_DIR: models });
  fill();
  const response = await post(`${url}/models/spam/activate`, { version: '1' });
  expect([response.status, await response.json()]).toEqual([
    503,
    expect.objectContaining({ detail: 'MODELS_DIR cannot be used: its disk is full (ENOSPC).' }),
  ]);
});
