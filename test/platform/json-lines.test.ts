import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DataFileError, readJsonLines } from '../../src/platform/json-lines.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-json-lines-'));
  file = join(folder, 'data.jsonl');
});
afterAll(() => rm(folder, { recursive: true }));

const options = { schema: z.object({ n: z.number() }), allowed: '{"n": number}' };

async function read(content: string | Buffer): Promise<[n: number, line: number][]> {
  await writeFile(file, content);
  const rows: [number, number][] = [];
  await readJsonLines(file, options, ({ n }, line) => rows.push([n, line]));
  return rows;
}

async function errorOf(content: string): Promise<DataFileError> {
  const error = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataFileError);
  return error as DataFileError;
}

describe('readJsonLines', () => {
  test('numbers the lines from 1, skips blank ones, and accepts both line ends and a missing last one', async () => {
    expect(await read('\n{"n":1}\r\n  \n{"n":2,"more":true}\n{"n":3}')).toEqual([
      [1, 2],
      [2, 4],
      [3, 5],
    ]);
  });

  test('accepts a byte order mark', async () => {
    expect(await read('\uFEFF{"n":1}\n')).toEqual([[1, 1]]);
  });

  test('passes on every byte', async () => {
    const content = Buffer.from(`${'{"n":1}\n'.repeat(200_000)}`);
    await writeFile(file, content);
    const chunks: Buffer[] = [];
    let rows = 0;
    await readJsonLines(file, { ...options, onChunk: (chunk) => chunks.push(chunk) }, () => rows++);
    expect(rows).toBe(200_000);
    expect(chunks.length).toBeGreaterThan(1);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
  });

  test('reports one bad line in one line', async () => {
    const { message, problem } = await errorOf('{"n":1}\n{"n":"1"}\n');
    expect(message).toMatch(/data\.jsonl, line 2: n: .*number.*; allowed: \{"n": number\}$/);
    expect(problem.badLines).toEqual([{ line: 2, reason: expect.stringMatching(/^n: /) }]);
  });

  test('reports several bad lines at once', async () => {
    const { message } = await errorOf('{\n{"n":1}\n[]\n');
    expect(message.split('\n')).toEqual([
      `${file} has 2 bad lines; allowed: {"n": number}`,
      '  line 1: this is not valid JSON',
      '  line 3: this is not a JSON object',
    ]);
  });

  test('lists only the first of many bad lines, and counts all of them', async () => {
    const { message } = await errorOf('bad\n'.repeat(30));
    expect(message).toContain('has 30 bad lines (the first 20 are listed)');
    expect(message.split('\n')).toHaveLength(21);
  });

  test.each(['', '\n \n'])('reports a file without rows: %j', async (content) => {
    expect((await errorOf(content)).message).toBe(`${file} is empty; allowed: {"n": number}`);
  });

  test('reports a file that cannot be read', async () => {
    const nowhere = join(folder, 'nowhere');
    const reading = readJsonLines(nowhere, options, () => {});
    await expect(reading).rejects.toThrow(DataFileError);
    await expect(reading).rejects.toThrow(`${nowhere} cannot be read: ENOENT`);
  });

  test('leaves an error of the receiver as it is', async () => {
    await writeFile(file, '{}\n');
    const failure = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const reading = readJsonLines(file, { schema: z.unknown(), allowed: 'JSON' }, () => {
      throw failure;
    });
    await expect(reading).rejects.toBe(failure);
  });
});
