import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeUnusableFolder } from '../../../src/platform/storage-errors.ts';
import { writeSmallVersion } from '../../models/small-models.ts';
import { failingStart } from '../../support/service-process.ts';
import { post, serve } from '../in-process.ts';

let models: string;
let data: string;

/** A folder in which nobody can create a file, not even root. */
const UNWRITABLE = '/sys/kernel';

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-'));
  models = join(folder, 'models');
  data = join(folder, 'data');
  await mkdir(data);
  for (const version of ['1', '2']) await writeSmallVersion(models, 'spam', version);
  await writeFile(join(models, 'spam/train.jsonl'), '{"text":"a","label":"spam"}\n{"text":"b","label":"ham"}\n');
});

const start = () => serve({ MODELS_DIR: models, DATA_DIR: data });

async function replace(name: string): Promise<void> {
  await rm(join(data, name), { recursive: true, force: true });
  await symlink(UNWRITABLE, join(data, name));
}

describe('a folder that cannot be used gets a problem of its own', () => {
  test('a change of roles while the disk of MODELS_DIR is full', async () => {
    const { url } = await start();
    await symlink('/dev/full', join(models, 'spam/roles.json.tmp'));
    const response = await post(`${url}/models/spam/activate`, { version: '1' });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({
      type: 'urn:waymark:problem:storage-unavailable',
      detail: 'MODELS_DIR cannot be used: its disk is full (ENOSPC).',
    });
  });

  test('a retraining and an evaluation while DATA_DIR cannot be written; GET /models/{name} still answers', async () => {
    const policy = { data: 'train.jsonl' };
    await writeFile(join(models, 'spam/policy.json'), JSON.stringify(policy).replace('train', '../spam/train'));
    const { url } = await start();
    await replace('jobs');
    await replace('maintenance');
    for (const path of ['/models/spam/retrain', '/maintenance/evaluate']) {
      const response = await post(url + path, {});
      expect([path, response.status]).toEqual([path, 503]);
      expect(await response.json()).toMatchObject({
        type: 'urn:waymark:problem:storage-unavailable',
        detail: 'DATA_DIR cannot be used: this process may not write there (EACCES).',
      });
    }
    expect((await fetch(`${url}/models/spam`)).status).toBe(200);
  });

  test('a change of roles that took effect is not answered as failed, although the jobs cannot be read', async () => {
    const { url } = await start();
    await rm(join(data, 'jobs'), { recursive: true });
    await writeFile(join(data, 'jobs'), '');
    const response = await post(`${url}/models/spam/activate`, { version: '1' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      active: '1',
      retrain: null,
      missing: { retrain: { type: 'urn:waymark:problem:storage-unavailable', status: 503 } },
    });
  });
});

describe('a start with a folder that cannot be used names it, and ends with 78', () => {
  test.each(['1', '2'])('DATA_DIR, WORKERS=%s', async (WORKERS) => {
    const { code, stderr } = await failingStart({ WORKERS, DATA_DIR: `${UNWRITABLE}/waymark`, MODELS_DIR: models });
    expect(stderr).toMatch(/^DATA_DIR cannot be used: .*"\/sys\/kernel\/waymark"; allowed: a folder .*\n$/);
    expect(code).toBe(78);
  });

  test('a full disk, which is to be freed', () => {
    // Only root could mount a file system for a test, so this is the error that Node reports on one.
    const error = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      path: join(data, 'prediction-id.key'),
    });
    expect(describeUnusableFolder(error, { DATA_DIR: data, MODELS_DIR: models })).toBe(
      `DATA_DIR cannot be used: its disk is full (ENOSPC): ${JSON.stringify(error.path)}; free some space, or choose a folder on another disk`,
    );
  });

  test('a file instead of the folder of jobs', async () => {
    await writeFile(join(data, 'jobs'), '');
    const { code, stderr } = await failingStart({ DATA_DIR: data, MODELS_DIR: models });
    expect(stderr).toMatch(/^DATA_DIR cannot be used: .*jobs"; allowed: .*\n$/);
    expect(code).toBe(78);
  });
});
