import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DataFileError } from '../../src/datasets/data-file-error.ts';
import { type DataFile, readRows, readTextFile } from '../../src/datasets/read-rows.ts';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-rows-'));
  file = join(folder, 'data.jsonl');
});
afterAll(() => rm(folder, { recursive: true }));

const options = { schema: z.object({ n: z.number() }), allowed: '{"n": number}' };

async function read(content: string | Buffer): Promise<[n: number, line: number][]> {
  await writeFile(file, content);
  const rows: [number, number][] = [];
  await readRows(file, options, ({ n }, line) => rows.push([n, line]));
  return rows;
}

async function errorOf(content: string): Promise<DataFileError> {
  const error = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataFileError);
  return error as DataFileError;
}

describe('JSON Lines', () => {
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
    await readRows(file, { ...options, onChunk: (chunk) => chunks.push(chunk) }, () => rows++);
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
    expect(message).toContain('has 30 bad lines');
    expect(message.split('\n')).toHaveLength(12);
    expect(message.split('\n').slice(-2)).toEqual(['  line 10: this is not valid JSON', '  and 20 more']);
  });

  test.each(['', '\n \n'])('reports a file without rows: %j', async (content) => {
    expect((await errorOf(content)).message).toBe(`${file} is empty; allowed: {"n": number}`);
  });

  test('reports a file that cannot be read', async () => {
    const nowhere = join(folder, 'nowhere');
    const reading = readRows(nowhere, options, () => {});
    await expect(reading).rejects.toThrow(DataFileError);
    await expect(reading).rejects.toThrow(`${nowhere} cannot be read: ENOENT`);
  });

  test('leaves an error of the receiver as it is', async () => {
    await writeFile(file, '{}\n');
    const failure = Object.assign(new Error('full'), { code: 'ENOSPC' });
    const reading = readRows(file, { schema: z.unknown(), allowed: 'JSON' }, () => {
      throw failure;
    });
    await expect(reading).rejects.toBe(failure);
  });
});

test('a JSON array is refused with what is allowed', async () => {
  expect((await errorOf('\n[\n{"n":1}]')).message).toBe(`${file} is a JSON array; allowed: one object on each line`);
});

const mail = z.object({ text: z.string(), label: z.string().min(1) });
const mailOptions = { schema: mail, allowed: '{"text", "label"}', requiredFields: ['text', 'label'] };

async function readMails(
  content: string | Buffer,
  name = 'mails.csv',
): Promise<DataFile & { mails: [text: string, label: string, line: number][] }> {
  const path = join(folder, name);
  await writeFile(path, content);
  const mails: [string, string, number][] = [];
  const read = await readRows(path, mailOptions, ({ text, label }, line) => mails.push([text, label, line]));
  return { ...read, mails };
}

async function problemOf(content: string | Buffer, name = 'mails.csv'): Promise<string[]> {
  const error = await readMails(content, name).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DataFileError);
  return (error as DataFileError).message.replaceAll(join(folder, name), 'FILE').split('\n');
}

describe('CSV and TSV', () => {
  test('have their fields in any order, with further ones, quotes and line breaks', async () => {
    const content = 'id,label,text\r\n1,ham,"one, ""two""\r\nthree"\r\n\r\n2,spam,four "five"\r\n3,ham,';
    expect(await readMails(content)).toMatchObject({
      format: 'CSV',
      rows: 3,
      mails: [
        ['one, "two"\r\nthree', 'ham', 2],
        ['four "five"', 'spam', 5],
        ['', 'ham', 6],
      ],
    });
  });

  test('have other delimiters', async () => {
    const mails = [['a,b', 'x', 2]];
    expect(await readMails('text\tlabel\na,b\tx\n', 'mails.tsv')).toMatchObject({ format: 'TSV', mails });
    expect(await readMails('text;label\na,b;x\n')).toMatchObject({ format: 'CSV', delimiter: ';', mails });
    expect(await readMails('text\tlabel\na,b\tx\n')).toMatchObject({ format: 'CSV', delimiter: '\t', mails });
  });

  test.each([
    ['{"text": "a", "label": "x"}', 'JSON Lines'],
    ['text\tlabel\na\tx', 'TSV'],
    ['"text","label"\na,x', 'CSV'],
  ])('files with another ending are recognised by their first line: %j', async (content, format) => {
    expect(await readMails(content, 'mails.data')).toMatchObject({ format, mails: [['a', 'x', expect.any(Number)]] });
  });

  test('report rows with another number of fields, and stray quotes, by their first line', async () => {
    const content = 'text,label\n"a\nb",x\nonly\na,b,c\n"5" wide",x\n,\n';
    expect(await problemOf(content)).toEqual([
      'FILE has 4 bad lines; allowed: {"text", "label"}',
      '  line 4: it has 1 fields, and the first row has 2',
      '  line 5: it has 3 fields, and the first row has 2',
      '  line 6: a quote inside a quoted field must be doubled',
      expect.stringMatching(/^ {2}line 7: label: /),
    ]);
  });

  test('report a quote that is never closed by the line where its row begins', async () => {
    expect(await problemOf('text,label\na,x\n"b,x\nc,x\n')).toEqual([
      'FILE, line 3: the quote that opens a field of this row is never closed; allowed: {"text", "label"}',
    ]);
  });

  test('keep a literal quote at the beginning of a field', async () => {
    expect((await readMails('text,label\n"""hi"" he said",x\n')).mails).toEqual([['"hi" he said', 'x', 2]]);
  });

  test('a repeated field name is an error', async () => {
    expect(await problemOf('text,label,text\na,x,b\n')).toEqual(['FILE has the field "text" twice in its first row']);
  });

  test('a field named like a property of objects is a field like any other', async () => {
    await writeFile(file, 'ignored');
    const path = join(folder, 'proto.csv');
    await writeFile(path, '__proto__,text,label\np,a,constructor\n');
    const rows: unknown[] = [];
    await readRows(path, mailOptions, (row) => rows.push(row));
    expect(rows).toEqual([{ text: 'a', label: 'constructor' }]);
    await writeFile(path, 'text,label\na,x\n');
    await expect(readRows(path, { ...mailOptions, requiredFields: ['constructor'] }, () => {})).rejects.toThrow(
      'has no field "constructor"',
    );
  });

  test('of many rows keep their line numbers', async () => {
    const rows = Array.from({ length: 60_000 }, (_, at) => `"text ${at}\n${'x'.repeat(40)}",x`).join('\n');
    const { mails } = await readMails(`text,label\n${rows}\n`);
    expect(mails).toHaveLength(60_000);
    expect(mails.at(-1)![2]).toBe(2 + 2 * 59_999);
  });
});

describe('a wrong field name', () => {
  test.each([
    ['mails.csv', 'body,category\na,x\n', '"body", "category"'],
    ['mails.jsonl', '{"body":"a","category":"x"}\n', '"body", "category"'],
  ])('is answered once, with the names that there are: %s', async (name, content, names) => {
    expect(await problemOf(content, name)).toEqual([
      `FILE has no field "text", "label"; its fields are ${names}; allowed: other names by --text-field and --label-field`,
    ]);
  });

  test('in a later row is a bad line', async () => {
    expect(await problemOf('{"text":"a","label":"x"}\n{"text":"a"}\n', 'mails.jsonl')).toEqual([
      'FILE, line 2: it has no field "label"; allowed: {"text", "label"}',
    ]);
  });
});

const jsonLines = '{"text":"très bon 👍","label":"gut"}\n{"text":"désagréable","label":"schlecht"}\n';
const mails = [
  ['très bon 👍', 'gut', 1],
  ['désagréable', 'schlecht', 2],
];
const utf16 = (text: string, isBigEndian = false) => {
  const bytes = Buffer.from(text, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
};

describe('encodings', () => {
  test.each([
    ['UTF-8', false, Buffer.from(jsonLines)],
    ['UTF-8', true, Buffer.from(`\ufeff${jsonLines}`)],
    ['UTF-16LE', true, utf16(`\ufeff${jsonLines}`)],
    ['UTF-16BE', true, utf16(`\ufeff${jsonLines}`, true)],
    ['UTF-16LE', false, utf16(jsonLines)],
    ['UTF-16BE', false, utf16(jsonLines, true)],
  ])('%s with a byte order mark: %s', async (encoding, hasByteOrderMark, content) => {
    expect(await readMails(content, 'mails.jsonl')).toMatchObject({ encoding, hasByteOrderMark, mails });
  });

  test('characters of UTF-16 that two chunks share stay whole', async () => {
    const text = '👍'.repeat(600_000);
    const content = `\ufeff${JSON.stringify({ text: `a${text}`, label: 'x' })}\n`;
    expect((await readMails(utf16(content), 'mails.jsonl')).mails[0]![0]).toBe(`a${text}`);
  });

  test.each(['mails.jsonl', 'mails.csv'])('bytes that are not UTF-8 are refused by their lines: %s', async (name) => {
    const row = name.endsWith('csv') ? 'caf\u00e9,x\n' : '{"text":"caf\u00e9","label":"x"}\n';
    const head = name.endsWith('csv') ? 'text,label\n' : '{"text":"a","label":"x"}\n';
    const content = Buffer.from(head + row + row.replace('\u00e9', 'e') + row, 'latin1');
    expect(await problemOf(content, name)).toEqual([
      'FILE has 2 bad lines; allowed: {"text", "label"}',
      '  line 2: its bytes are not UTF-8',
      '  line 4: its bytes are not UTF-8',
    ]);
  });

  test('broken UTF-16 is refused by its lines', async () => {
    const content = Buffer.concat([utf16('\ufefftext,label\na\ud83d,x\n'), Buffer.from([0x61])]);
    expect(await problemOf(content)).toEqual([
      'FILE has 2 bad lines; allowed: {"text", "label"}',
      '  line 2: it has half of a surrogate pair, so it is not UTF-16',
      '  line 3: the file ends within a character of UTF-16',
    ]);
  });

  test('a whole text file is decoded in the same way', async () => {
    await writeFile(file, utf16('\ufeff{"a": "é"}', true));
    expect(await readTextFile(file)).toBe('{"a": "é"}');
    await writeFile(file, Buffer.from('{\n"\u00e9"}', 'latin1'));
    await expect(readTextFile(file)).rejects.toThrow(`${file}, line 2: its bytes are not UTF-8`);
  });
});

describe('gzip', () => {
  test('is recognised by its content, in one member or several', async () => {
    const lines = jsonLines.split(/(?<=\n)/);
    const members = Buffer.concat(lines.map((line) => gzipSync(line)));
    expect(await readMails(gzipSync(jsonLines), 'mails.jsonl.gz')).toMatchObject({ isCompressed: true, mails });
    expect(await readMails(members, 'mails.jsonl')).toMatchObject({ isCompressed: true, mails });
    expect(await readMails(gzipSync('text;label\na;x'), 'mails.csv.gz')).toMatchObject({ format: 'CSV' });
  });

  test('that is cut off is an error', async () => {
    const [problem] = await problemOf(gzipSync('text,label\na,x\n').subarray(0, -9));
    expect(problem).toMatch(/^FILE cannot be decompressed: /);
  });

  test('of a large file leaves an error of the receiver as it is', async () => {
    const path = join(folder, 'large.jsonl.gz');
    await writeFile(path, gzipSync('{"n":1}\n'.repeat(500_000)));
    const failure = new Error('enough');
    let rows = 0;
    const reading = readRows(path, options, () => {
      rows += 1;
      if (rows === 10) throw failure;
    });
    await expect(reading).rejects.toBe(failure);
    expect(rows).toBe(10);
  });
});
