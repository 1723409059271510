import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readServiceToken } from '../../src/gateway/config.ts';

async function newFile(text: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'waymark-token-')), 'token');
  await writeFile(path, text);
  return path;
}

const tokenOf = (WAYMARK_TOKEN: string | undefined, WAYMARK_TOKEN_FILE: string | undefined) =>
  readServiceToken({ WAYMARK_TOKEN, WAYMARK_TOKEN_FILE });

test('the token of the gateway comes from a variable or from a file', async () => {
  expect(await tokenOf(undefined, undefined)).toBe(undefined);
  expect(await tokenOf('variable', undefined)).toBe('variable');
  expect(await tokenOf(undefined, await newFile('from-a-file\n'))).toBe('from-a-file');
});

test('a file that holds no token stops the start, and is not quoted', async () => {
  for (const file of [await newFile(''), await newFile('PLANTED SECRET of two words'), '/nonexistent/token']) {
    await expect(tokenOf(undefined, file)).rejects.toThrow(
      /^WAYMARK_TOKEN_FILE: "\/.+" cannot be used; allowed: a file/,
    );
    await expect(tokenOf(undefined, file)).rejects.not.toThrow('PLANTED');
  }
  await expect(tokenOf('variable', await newFile('file'))).rejects.toThrow('together with WAYMARK_TOKEN');
});
