import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smallMails } from '../classifier/small-mails.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let models: string;
let csv: string;
let lines: string;

const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
const toCsv = (examples: readonly { text: string; label: string }[]) =>
  `topic,body\n${examples.map(({ text, label }) => `${quote(label)},${quote(text)}\n`).join('')}`;
const toLines = (examples: readonly object[]) => examples.map((example) => `${JSON.stringify(example)}\n`).join('');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-data-files-'));
  models = join(folder, 'models');
  csv = join(folder, 'train.csv');
  lines = join(folder, 'train.jsonl');
  await writeFile(csv, toCsv(smallMails(30)));
  await writeFile(lines, toLines(smallMails(30)));
});
afterAll(() => rm(folder, { recursive: true }));

const train = (args: string[], input?: string | Buffer) =>
  runCli('train', ['--models', models, ...args], undefined, input);
const fields = ['--text-field', 'body', '--label-field', 'topic'];

async function weightsOf(model: string): Promise<Buffer> {
  return readFile(join(models, model, '1', 'weights.bin'));
}

describe('every kind of file', () => {
  test('gives the same model', async () => {
    const content = toLines(smallMails(30));
    const half = content.split('\n').slice(0, 30).join('\n');
    const paths = { gzip: 'a.csv.gz', utf16: 'a.tsv', first: 'first.jsonl', rest: 'rest.jsonl' };
    const file = (name: keyof typeof paths) => join(folder, paths[name]);
    await writeFile(file('gzip'), gzipSync(toCsv(smallMails(30))));
    await writeFile(
      file('utf16'),
      Buffer.from(`\ufeff${toCsv(smallMails(30)).replaceAll('","', '"\t"').replace(',', '\t')}`, 'utf16le'),
    );
    await writeFile(file('first'), half);
    await writeFile(file('rest'), content.slice(half.length + 1));

    expect(await train(['--data', lines, '--model', 'lines'])).toMatchObject({ code: 0 });
    const gzip = await train(['--data', file('gzip'), '--model', 'gzip', ...fields]);
    expect(gzip).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('a.csv.gz: CSV, compressed by gzip, 60 rows'),
    });
    const utf16 = await train(['--data', file('utf16'), '--model', 'utf16', ...fields]);
    expect(utf16).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('a.tsv: TSV, UTF-16LE with a byte order mark, 60 rows'),
    });
    const two = ['--data', file('first'), '--data', file('rest')];
    expect(await train([...two, '--model', 'two'])).toMatchObject({ code: 0 });
    const piped = await train(['--data', '-', '--model', 'piped', ...fields], toCsv(smallMails(30)));
    expect(piped).toMatchObject({ code: 0, stderr: expect.stringContaining('standard input: CSV, 60 rows') });

    const expected = await weightsOf('lines');
    for (const model of ['gzip', 'utf16', 'two', 'piped']) expect((await weightsOf(model)).equals(expected)).toBe(true);
    const policy = async (model: string) =>
      JSON.parse(await readFile(join(models, model, 'policy.json'), 'utf8')) as object;
    expect(await policy('gzip')).toEqual({ data: '../../a.csv.gz', textField: 'body', labelField: 'topic' });
    expect(await policy('two')).toEqual({ data: ['../../first.jsonl', '../../rest.jsonl'] });
    await expect(policy('piped')).rejects.toThrow('ENOENT');
  }, 60_000);

  test('can be evaluated', async () => {
    const args = ['--models', models, '--model', 'lines', '--data', '-', ...fields, '--json'];
    const { code, stdout, stderr } = await runCli('evaluate', args, undefined, gzipSync(toCsv(smallMails(5))));
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Data: standard input: CSV, compressed by gzip, 10 rows\n' });
    expect(JSON.parse(stdout)).toMatchObject({ count: 10 });
  });
});

test('before the training, the labels are listed with their counts, and the warnings', async () => {
  const examples = [...smallMails(30), ...smallMails(12).map(({ text }) => ({ text: `${text}!`, label: 'spma' }))];
  const { code, stderr } = await train(['--data', '-', '--test', csv, ...fields, '--model', 'typo'], toCsv(examples));
  expect(code).toBe(0);
  expect(stderr).toMatch(/Labels: 3, with 84 examples\n {2}ham +30 +35\.7 % +█+\n {2}spam +30 .*\n {2}spma +24 /);
  expect(stderr).toContain('Warning: "spma" (24) looks like a misspelling of "spam" (30)\n');
  expect(stderr).toContain('Warning: 100.0 % of the test texts (60 of 60) are training texts too');
  expect(stderr.indexOf('Labels')).toBeLessThan(stderr.indexOf('Fitting'));
});

describe('a file that cannot be used', () => {
  test('of another encoding is refused by its lines, and nothing is written', async () => {
    const latin1 = Buffer.from(
      toLines([
        { text: 'très bon', label: 'gut' },
        { text: 'plain', label: 'gut' },
        { text: 'désagréable', label: 'schlecht' },
      ]),
      'latin1',
    );
    for (const args of [
      ['--data', '-'],
      ['--data', lines, '--test', '-'],
      ['--from-natural', '-'],
    ]) {
      const { code, stderr } = await train([...args, '--model', 'never'], latin1);
      expect([code, stderr]).toEqual([65, expect.stringMatching(/line 1: its bytes are not UTF-8\n {2}line 3: /)]);
    }
    await expect(weightsOf('never')).rejects.toThrow('ENOENT');
  });

  test('with a wrong field name is answered with the names that there are', async () => {
    expect(await train(['--data', csv, '--model', 'never'])).toMatchObject({
      code: 65,
      stderr: expect.stringContaining(
        'has no field "text", "label"; its fields are "topic", "body"; allowed: other names by --text-field and --label-field',
      ),
    });
  });
});

describe('a classifier of natural', () => {
  const save = (documents: readonly { text: string | string[]; label: string }[]) => {
    const natural = new BayesClassifier();
    for (const { text, label } of documents) natural.addDocument(text, label);
    natural.train();
    return JSON.stringify(natural);
  };

  test('whose words Porter cannot produce is refused', async () => {
    const stems = ['мне нужн ваш помощ', 'хоч написа отз мнен'];
    const documents = stems.map((text, at) => ({ text: text.split(' '), label: ['help', 'review'][at]! }));
    const { code, stderr } = await train(['--from-natural', '-', '--model', 'never'], save(documents));
    expect({ code, stderr }).toEqual({
      code: 65,
      stderr: expect.stringMatching(/none of its 8 words can come from natural's Porter stemmer/),
    });
  });

  test('with some such words is imported with a warning', async () => {
    const documents = smallMails(10).map(({ text, label }) => ({
      text: [...(text.match(/[a-z]+/g) ?? []), 'привет'],
      label,
    }));
    const { code, stderr } = await train(['--from-natural', '-', '--model', 'mixed'], save(documents));
    expect(code).toBe(0);
    expect(stderr).toMatch(/Warning: \d+ of its \d+ words cannot come from natural's Porter stemmer \(.*"привет"/);
  });

  test('with a label that is no Unicode text is refused', async () => {
    const documents = smallMails(10).map(({ text, label }) => ({ text, label: `${label} \ud83d` }));
    const { code, stderr } = await train(['--from-natural', '-', '--model', 'never'], save(documents));
    expect({ code, stderr }).toEqual({ code: 65, stderr: expect.stringContaining('half of a surrogate pair') });
  });

  test('with Porter is imported without one', async () => {
    const { code, stderr } = await train(['--from-natural', '-', '--model', 'porter'], save(smallMails(30)));
    expect(code).toBe(0);
    expect(stderr).not.toContain('Warning');
  });
});
