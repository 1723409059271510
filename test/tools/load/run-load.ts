import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LoadResult } from '../../../tools/load/scenarios/result.ts';
import { type CommandResult, runCli } from '../../cli/run-cli.ts';

// The faults are so large and the limits so wide that the speed of the machine does not matter.
export const WIDE_LIMITS = ['--max-p99', '20s', '--timeout', '30s'];

export interface LoadRun extends CommandResult {
  readonly result: LoadResult;
  readonly html: string;
}

export async function makeFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'waymark-load-'));
}

/** Runs the command and reads the files that it wrote. */
export async function load(args: readonly string[], onStderr?: Parameters<typeof runCli>[2]): Promise<LoadRun> {
  const out = await makeFolder();
  const finished = await runCli('load', [...args, '--out', out], onStderr);
  const files = await readdir(out);
  const read = async (ending: string) => readFile(join(out, files.find((file) => file.endsWith(ending))!), 'utf8');
  expect(files, finished.stderr).toHaveLength(2);
  return { ...finished, html: await read('.html'), result: JSON.parse(await read('.json')) as LoadResult };
}

export async function writeData(rows: readonly object[]): Promise<string> {
  const file = join(await makeFolder(), 'data.jsonl');
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return file;
}
