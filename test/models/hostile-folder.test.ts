import { execFileSync } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { post, serve } from '../http/in-process.ts';
import { smallModels } from './small-models.ts';

const ready = async (url: string) => {
  const response = await fetch(`${url}/readyz`);
  return { code: response.status, ...((await response.json()) as { degraded?: string[] }) };
};
const predict = async (url: string) =>
  (await (await post(`${url}/predict`, { text: 'Win a prize' })).json()) as { model: { version: string } };
const messages = (lines: readonly string[]) =>
  lines.map((line) => JSON.parse(line) as { msg: string; reason?: string });

describe('a file that is not regular does not hang the service:', () => {
  test.each(['2/weights.bin', '2/manifest.json'])('%s of a version, whose older version stays active', async (file) => {
    const folder = await smallModels('1', '2');
    await rm(join(folder, 'spam', file));
    execFileSync('mkfifo', [join(folder, 'spam', file)]);
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('1');
  });

  test.each(['roles.json', 'policy.json', 'audit.jsonl'])('%s', async (file) => {
    const folder = await smallModels('1', '2');
    execFileSync('mkfifo', [join(folder, 'spam', file)]);
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('2');
    expect((await ready(url)).code).toBe(200);
  });

  test('/dev/zero as weights', async () => {
    const folder = await smallModels('1', '2');
    await rm(join(folder, 'spam/2/weights.bin'));
    await symlink('/dev/zero', join(folder, 'spam/2/weights.bin'));
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('1');
  });
});

describe('links to folders are followed:', () => {
  test('a version', async () => {
    const folder = await smallModels('1', '2');
    const store = await mkdtemp(join(tmpdir(), 'waymark-store-'));
    await rename(join(folder, 'spam/2'), join(store, '2'));
    await symlink(join(store, '2'), join(folder, 'spam/2'));
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('2');
  });

  test('a model as Kubernetes mounts a volume', async () => {
    const folder = await smallModels('1');
    const mount = await mkdtemp(join(tmpdir(), 'waymark-mount-'));
    await mkdir(join(mount, '..2026_01_01'));
    await cp(join(folder, 'spam'), join(mount, '..2026_01_01/spam'), { recursive: true });
    await symlink('..2026_01_01', join(mount, '..data'));
    await symlink('..data/spam', join(mount, 'spam'));
    const { url } = await serve({ MODELS_DIR: mount });
    expect((await predict(url)).model.version).toBe('1');
  });
});

describe('an audit trail that cannot be read does not stop the start:', () => {
  test.each([
    ['a line that is not JSON', '{"broken\n'],
    ['a line with other fields', '{"revision":-1,"at":"x"}\n'],
    [
      'a line with hostile numbers',
      '{"revision":1,"at":1e300,"actor":"a","action":"activate","reason":"","from":null,"to":"1"}\n',
    ],
    ['a line that is too deep', `${'['.repeat(50_000)}\n`],
  ])('%s', async (_, line) => {
    const folder = await smallModels('1');
    await appendFile(join(folder, 'spam/audit.jsonl'), line);
    const { url, lines } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('1');
    expect(await ready(url)).toMatchObject({
      code: 200,
      degraded: [`audit: ${join(folder, 'spam/audit.jsonl')} has 1 rows that cannot be read`],
    });
    expect(messages(lines).filter(({ msg }) => msg === 'audit degraded')).toHaveLength(1);
    expect((await fetch(`${url}/models/spam/changes`)).status).toBe(200);
  });

  test('a folder in its place', async () => {
    const folder = await smallModels('1');
    await mkdir(join(folder, 'spam/audit.jsonl'));
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('1');
    expect((await ready(url)).degraded).toHaveLength(1);
  });
});

describe('hostile roles are refused, and the default applies:', () => {
  test.each([
    ['a time beyond all dates', '{"format":1,"active":"1","activeSince":1e300}'],
    ['a revision that cannot grow', '{"format":1,"active":"1","revision":9007199254740991}'],
    ['a share above 1', '{"format":1,"active":"1","canary":{"version":"2","share":1e308}}'],
    ['a number that is none', '{"format":1,"active":"1","activeSince":1e999}'],
    ['a deep file', `{"format":1,"active":"1","previous":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a large file', `{"format":1,"active":"1","x":"${'x'.repeat(2_000_000)}"}`],
  ])('%s', async (_, text) => {
    const folder = await smallModels('1', '2');
    await writeFile(join(folder, 'spam/roles.json'), text);
    const { url } = await serve({ MODELS_DIR: folder });
    expect((await predict(url)).model.version).toBe('2');
    expect((await fetch(`${url}/models/spam`)).status).toBe(200);
  });
});
