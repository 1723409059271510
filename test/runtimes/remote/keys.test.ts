import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openKeys } from '../../../src/runtimes/remote/keys.ts';
import { createLog } from '../../../src/telemetry/logs/log.ts';

async function writeKeys(content: string): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'waymark-keys-')), 'keys.json');
  await writeFile(file, content);
  return file;
}

const replace = async (file: string, content: string) => {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
};

describe('the keys of endpoints', () => {
  test('belong to an origin', async () => {
    const file = await writeKeys('{"keys": {"https://api.example.org/v1": "one", "http://127.0.0.1:8080": "two"}}');
    const keys = await openKeys(file);
    onTestFinished(() => keys.close());
    expect(keys.keyOf('https://api.example.org')).toBe('one');
    expect(keys.keyOf('http://127.0.0.1:8080')).toBe('two');
    expect(keys.keyOf('http://api.example.org')).toBeUndefined();
  });

  test('are followed; a file that cannot be used is logged, and the former keys stay', async () => {
    const lines: string[] = [];
    const file = await writeKeys('{"keys": {"https://a.example": "one"}}');
    const keys = await openKeys(file, createLog('info', { write: (line) => void lines.push(line) }));
    onTestFinished(() => keys.close());
    await replace(file, '{"keys": {"https://a.example": "two"}}');
    await vi.waitFor(() => expect(keys.keyOf('https://a.example')).toBe('two'), { timeout: 10_000 });
    await replace(file, '{"keys": {"https://a.example": "three\\nhush"}}');
    await vi.waitFor(() => expect(lines.at(-1)).toContain('endpoint keys not loaded'), { timeout: 10_000 });
    expect(keys.keyOf('https://a.example')).toBe('two');
    expect(lines.join()).not.toMatch(/hush|two/);
  });

  test.each(['{"keys": ', '{"keys": {"https://a.example": "a key"}}', '{"keys": {"nowhere": "hush"}}', '{"hush": 1}'])(
    '%s stops the start with a line that does not quote it',
    async (content) => {
      const opening = openKeys(await writeKeys(content));
      await expect(opening).rejects.toThrow(/^REMOTE_KEYS_FILE: .* cannot be used: /);
      await expect(opening).rejects.not.toThrow(/hush|a key/);
    },
  );

  test('without a file are none', async () => {
    expect((await openKeys(undefined)).keyOf('https://a.example')).toBeUndefined();
  });
});
