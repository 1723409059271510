import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { step } from '../../../tools/stack/progress.ts';
import { run, tail } from '../../../tools/stack/run.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-run-'));
});

afterEach(() => rm(folder, { recursive: true }));

test('a failed command reports its name and the end of its output', async () => {
  const log = join(folder, 'log');
  const failing = run(process.execPath, ['-e', 'console.log("one\\ntwo"); process.exit(1)'], {
    cwd: folder,
    log,
    signal: new AbortController().signal,
  });
  await expect(failing).rejects.toThrow(/failed:\n {2}\| one\n {2}\| two$/);
  expect(await tail(log, 1)).toBe('  | two');
  expect(await readdir(folder)).toEqual(['log']);
});

test('a step on a pipe writes a line at its start and a line at its end', async () => {
  const written: string[] = [];
  await step({ write: (text) => written.push(text) }, 'build', () => Promise.resolve());
  expect(written.map((line) => line.replace(/\d+\.\d/, 'N'))).toEqual(['… build\n', '✓ build (N s)\n']);
});
