import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openTokenStore } from '../../../src/http/access/token-store.ts';
import { ConfigError } from '../../../src/platform/config.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';
import { silentLog } from '../../support/silent-log.ts';
import { sha256, storedToken, writeTokens } from './token-files.ts';

const WAIT = { timeout: 10_000, interval: 20 };

async function open(path: string, API_TOKENS?: string[]) {
  const lines: { msg: string; [attribute: string]: unknown }[] = [];
  const log = createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) });
  const store = (await openTokenStore({ API_TOKENS, API_TOKENS_FILE: path }, log))!;
  onTestFinished(() => store.close());
  return { find: (name: string) => store.find(`${name}-token`)?.name, lines };
}

const json = (...tokens: unknown[]) => JSON.stringify({ tokens });

describe('the token file is followed', () => {
  test('when it is written, renamed or removed', async () => {
    const path = await writeTokens(storedToken('first', ['read']));
    const { find, lines } = await open(path);
    expect([find('first'), find('second')]).toEqual(['first', undefined]);

    await writeFile(path, json(storedToken('second', ['read'])));
    await vi.waitFor(() => expect([find('first'), find('second')]).toEqual([undefined, 'second']), WAIT);

    await writeFile(`${path}.new`, json(storedToken('third', ['read'])));
    await rename(`${path}.new`, path);
    await vi.waitFor(() => expect([find('second'), find('third')]).toEqual([undefined, 'third']), WAIT);

    await rm(path);
    await vi.waitFor(() => expect(lines.at(-1)).toMatchObject({ msg: 'tokens not loaded' }), WAIT);
    expect(lines.at(-1)).toMatchObject({ level: 'error', 'exception.message': 'there is no such file' });
    expect(find('third')).toBe('third');
  });

  test('when a link on the way to it is replaced, as in a volume of Kubernetes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'waymark-tokens-'));
    for (const name of ['old', 'new']) {
      await mkdir(join(folder, `..${name}`));
      await writeFile(join(folder, `..${name}/tokens.json`), json(storedToken(name, ['read'])));
    }
    await symlink('..old', join(folder, '..data'));
    await symlink('..data/tokens.json', join(folder, 'tokens.json'));
    const { find } = await open(join(folder, 'tokens.json'));
    expect(find('old')).toBe('old');
    await symlink('..new', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await vi.waitFor(() => expect([find('old'), find('new')]).toEqual([undefined, 'new']), WAIT);
  });

  test('and keeps its tokens while it is broken', async () => {
    const path = await writeTokens(storedToken('first', ['read']));
    const { find, lines } = await open(path);
    await writeFile(path, '{"tokens": [{"name": "secret-in-the-file');
    await vi.waitFor(() => expect(lines).toHaveLength(1), WAIT);
    expect(lines[0]).toMatchObject({ msg: 'tokens not loaded', 'exception.message': 'the file is not JSON' });
    expect(JSON.stringify(lines)).not.toContain('secret-in-the-file');
    expect(find('first')).toBe('first');
    await writeFile(path, json(storedToken('second', ['read'])));
    await vi.waitFor(() => expect(find('second')).toBe('second'), WAIT);
    expect(lines[1]).toMatchObject({ level: 'info', msg: 'tokens loaded' });
  });
});

test('API_TOKENS stay beside the file, with every scope', async () => {
  const { find } = await open(await writeTokens(), ['old-token']);
  expect(find('old')).toBe(`api token ${sha256('old-token').slice(0, 8)}`);
});

const valid = storedToken('a', ['read']);
test.each<[string, unknown, string]>([
  ['no list', {}, 'tokens must be a list of tokens'],
  ['a field that is not known', { tokens: [], hush: 1 }, 'the file has an unknown field'],
  ['an unknown field of a token', { tokens: [{ ...valid, hush: 1 }] }, 'tokens[0] has an unknown field'],
  ['a token in place of its digest', { tokens: [{ ...valid, sha256: 'hush' }] }, 'tokens[0].sha256 must be 64 hex'],
  ['an unknown scope', { tokens: [{ ...valid, scopes: ['hush'] }] }, 'tokens[0].scopes[0] must be one of predict,'],
  ['no name', { tokens: [{ ...valid, name: '' }] }, 'tokens[0].name must be 1 to 128'],
  ['a time that is none', { tokens: [{ ...valid, expires: 'hush' }] }, 'tokens[0].expires must be a date-time'],
  ['a quota of 0', { tokens: [{ ...valid, requestsPerSecond: 0 }] }, 'tokens[0].requestsPerSecond must be above 0'],
  ['a name twice', { tokens: [valid, { ...valid, sha256: sha256('b') }] }, 'tokens[1].name occurs twice'],
  ['a digest twice', { tokens: [valid, { ...valid, name: 'b' }] }, 'tokens[1].sha256 occurs twice'],
])('a file with %s stops the start, and is not quoted', async (_, content, reason) => {
  const path = await writeTokens();
  await writeFile(path, JSON.stringify(content));
  const opened = openTokenStore({ API_TOKENS: undefined, API_TOKENS_FILE: path }, silentLog);
  await expect(opened).rejects.toThrow(ConfigError);
  await expect(opened).rejects.toThrow(`API_TOKENS_FILE: ${JSON.stringify(path)} cannot be used: ${reason}`);
  await expect(opened).rejects.not.toThrow('hush');
});

test('a named pipe stops the start, and does not hang it', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'waymark-tokens-')), 'pipe');
  execFileSync('mkfifo', [path]);
  const opened = openTokenStore({ API_TOKENS: undefined, API_TOKENS_FILE: path }, silentLog);
  await expect(opened).rejects.toThrow('it is not a regular file');
});
