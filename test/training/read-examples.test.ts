import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DataFileError } from '../../src/datasets/data-file-error.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-examples-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer) {
  const path = join(folder, 'data.jsonl');
  await writeFile(path, content);
  const examples: Example[] = [];
  const { sha256 } = await readExamples(path, (example) => examples.push(example));
  return { examples, sha256 };
}

test('accepts both line ends, skips blank lines, and ignores further fields', async () => {
  const content = '{"text":"a","label":"x"}\r\n\n{"text":"","label":"y","file":"z"}';
  expect(await read(content)).toEqual({
    examples: [
      { text: 'a', label: 'x' },
      { text: '', label: 'y' },
    ],
    sha256: createHash('sha256').update(content).digest('hex'),
  });
});

test('keeps a character whole that two chunks of the file share', async () => {
  const text = `${'a'.repeat(2 ** 20 - 10)}${'€'.repeat(20)}`;
  const { examples } = await read(`${JSON.stringify({ text, label: 'x' })}\n`);
  expect(examples[0]!.text).toBe(text);
});

test('half of a surrogate pair is refused in a label by its line, and replaced in a text', async () => {
  const content =
    '{"text":"a \\ud83d b","label":"fine"}\n{"text":"c","label":"lone \\ud83d"}\n{"text":"d","label":"\\udc00"}\n';
  await expect(read(content)).rejects.toThrow(/line 2: label: .*surrogate pair.*line 3: label: .*surrogate pair/s);
  const { examples } = await read(content.split('\n')[0]!);
  expect(examples).toEqual([{ text: 'a \ufffd b', label: 'fine' }]);
});

test('reports every bad line by its number', async () => {
  const good = '{"text":"a","label":"x"}';
  const lines = [good, 'no json', good, '{"text":1,"label":"x"}', '', '{"text":"a"}', '[]', '{"text":"a","label":""}'];
  const reading = read(lines.join('\n'));
  await expect(reading).rejects.toThrow(DataFileError);
  const { message } = (await reading.catch((error: unknown) => error)) as Error;
  expect(message).toMatch(/5 bad lines/);
  expect([...message.matchAll(/line (\d+): (\S+)/g)].map(([, number]) => Number(number))).toEqual([2, 4, 6, 7, 8]);
});

test.each(['', '\n \n'])('rejects an empty file: %j', async (content) => {
  await expect(read(content)).rejects.toThrow(/is empty/);
});

test('rejects a missing file', async () => {
  await expect(readExamples(join(folder, 'nowhere'), () => {})).rejects.toThrow(/cannot be read/);
});

test('a label with half of a surrogate pair, or without an end, is refused, and a text is made well-formed', async () => {
  const lines = [
    { text: 'you won \ud83d', label: 'fine' },
    { text: 'a', label: 'lone \ud83d' },
    { text: 'a', label: 'lone \udc00' },
    { text: 'a', label: 'x'.repeat(1_001) },
  ].map((row) => JSON.stringify(row));
  expect((await read(lines[0]!)).examples).toEqual([{ text: 'you won \ufffd', label: 'fine' }]);
  const { message } = (await read(lines.join('\n')).catch((error: unknown) => error)) as Error;
  expect([...message.matchAll(/line (\d+): label/g)].map(([, number]) => Number(number))).toEqual([2, 3, 4]);
});

test('several files are one, and other fields can hold the text and the label', async () => {
  const [first, second] = ['one.csv', 'two.jsonl'].map((name) => join(folder, name));
  const contents = ['category,body\nx,a\n', '{"body":"b","category":"y"}\n'];
  await writeFile(first!, contents[0]!);
  await writeFile(second!, contents[1]!);
  const examples: object[] = [];
  const data = { paths: [first!, second!], textField: 'body', labelField: 'category' };
  const read = await readExamples(data, (example, place) => examples.push({ ...example, ...place }));
  expect(examples).toEqual([
    { text: 'a', label: 'x', file: 0, line: 2 },
    { text: 'b', label: 'y', file: 1, line: 1 },
  ]);
  expect(read.files.map(({ name, rows }) => ({ name, rows }))).toEqual([
    { name: first, rows: 1 },
    { name: second, rows: 1 },
  ]);
  expect(read.sha256).toBe(createHash('sha256').update(contents.join('')).digest('hex'));
});
