import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { smallMails } from '../classifier/small-mails.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let models: string;
let data: string;
let large: string;

const toLines = (examples: readonly object[]) => examples.map((example) => `${JSON.stringify(example)}\n`).join('');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-cli-'));
  models = join(folder, 'models');
  data = join(folder, 'train.jsonl');
  large = join(folder, 'large.jsonl');
  await writeFile(data, toLines(smallMails(30)));
  await writeFile(large, toLines(smallMails(20_000)));
});
afterAll(() => rm(folder, { recursive: true }));

const train = (...args: string[]) => runCli('train', ['--models', models, ...args]);
const evaluate = (...args: string[]) => runCli('evaluate', ['--models', models, ...args]);

describe('evaluate --privacy', () => {
  test('attacks the model with its training data, as training with a held-out file does', async () => {
    const heldOut = join(folder, 'held-out.jsonl');
    // Texts that are in the training data too are no non-members.
    await writeFile(
      heldOut,
      toLines([...smallMails(30), ...smallMails(60).map(({ text, label }) => ({ text: `${text} indeed`, label }))]),
    );
    expect((await train('--data', data, '--model', 'private', '--test', heldOut)).code).toBe(0);
    const { code, stdout } = await evaluate(
      '--model',
      'private',
      '--data',
      heldOut,
      '--privacy',
      '--train',
      data,
      '--json',
    );
    expect(code).toBe(0);
    const { privacy } = JSON.parse(stdout) as { privacy: Record<string, number> };
    expect(privacy).toMatchObject({ attack: 'loss', members: 60, nonMembers: 120, falsePositives: 0.001 });
    const manifest = JSON.parse(await readFile(join(models, 'private', '1', 'manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ privacy });
    const table = await evaluate('--model', 'private', '--data', heldOut, '--privacy', '--train', data);
    expect(table.stdout).toMatch(/^loss attack: AUC 0\.\d{4} \(chance 0\.5\), finds \d+\.\d\d % of 60 training texts/m);
  });

  test('needs the training data, and says so', async () => {
    const missing = await evaluate('--model', 'private', '--data', data, '--privacy');
    expect(missing).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--privacy and --train need each other'),
    });
    const same = await evaluate('--model', 'private', '--data', data, '--privacy', '--train', data);
    expect(same.stderr).toContain('has no text that is not in the training data');
  });
});

describe('train, then evaluate', () => {
  test('train writes a version and reports its choice, and the next run takes the next number', async () => {
    const first = await train('--data', data, '--model', 'mail', '--test', data);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Chose \S+: .*cross-validation/) });
    const second = await train('--data', data, '--model', 'mail', '--algorithm', 'multinomial-naive-bayes');
    expect(second.code).toBe(0);
    const files = ['1', '2', 'audit.jsonl', 'highest-version.json', 'policy.json', 'roles.json', 'roles.lock'];
    expect((await readdir(join(models, 'mail'))).sort()).toEqual(files);
    // The first run writes the policy with the path of its data, and the second one keeps it.
    expect(JSON.parse(await readFile(join(models, 'mail', 'policy.json'), 'utf8'))).toEqual({
      data: '../../train.jsonl',
    });
    expect(first.stdout).toContain('policy.json');
    expect(second.stdout).not.toContain('policy.json');
    const manifest = JSON.parse(await readFile(join(models, 'mail', '2', 'manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({
      algorithm: 'multinomial-naive-bayes',
      evaluation: { method: 'nested-cross-validation' },
    });
  });

  test('evaluate --json prints the object of the contract', async () => {
    const { code, stdout } = await evaluate('--model', 'mail@1', '--data', data, '--json');
    expect(code).toBe(0);
    const quality = { precision: expect.any(Number), recall: expect.any(Number), f1: expect.any(Number) };
    const report = JSON.parse(stdout) as { accuracyByCoverage: { minConfidence: number; count: number }[] };
    expect(report).toEqual({
      count: 60,
      accuracy: expect.any(Number),
      macro: quality,
      micro: quality,
      labels: { ham: { ...quality, support: 30 }, spam: { ...quality, support: 30 } },
      confusionMatrix: { labels: ['ham', 'spam'], counts: [expect.any(Array), expect.any(Array)] },
      logLoss: expect.any(Number),
      expectedCalibrationError: expect.any(Number),
      accuracyByCoverage: expect.any(Array),
      secondsPerText: { p50: expect.any(Number), p99: expect.any(Number) },
    });
    const [all, ...others] = report.accuracyByCoverage;
    expect(all).toMatchObject({ coverage: 1, count: 60, accuracy: expect.any(Number), interval: expect.any(Object) });
    expect(others.length).toBeGreaterThan(2);
    expect(others.every(({ minConfidence, count }) => minConfidence > all!.minConfidence && count < 60)).toBe(true);
  });

  test('evaluate without --json prints a table and the confusion matrix of the active version', async () => {
    const { code, stdout } = await evaluate('--model', 'mail', '--data', data);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mail@1\n/);
    expect(stdout).toMatch(/precision\s+recall\s+f1\s+support\nham/);
    expect(stdout).toMatch(/Accuracy by coverage.*\n.*\n +100\.0 % +0\.\d{4} +\d+\.\d % .*60\n/);
    expect(stdout).toMatch(/Confusion matrix.*\n +ham +spam\n {2}ham +\d+ +\S+\n {2}spam/);
  });

  test('evaluate --html writes a page beside the other output', async () => {
    const page = join(folder, 'page.html');
    const { code, stdout } = await evaluate('--model', 'mail', '--data', data, '--html', page, '--json');
    expect({ code, count: (JSON.parse(stdout) as { count: number }).count }).toEqual({ code: 0, count: 60 });
    expect(await readFile(page, 'utf8')).toContain('<h1>Evaluation of mail@1</h1>');
    expect(await readFile(page, 'utf8')).toContain('<title>Accuracy by share of answered texts</title>');
  });

  test('evaluate --compare counts which version is right on the same texts', async () => {
    const { code, stdout } = await evaluate('--compare', 'mail@1', 'mail@2', '--data', data);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mail@1 and mail@2 on the same 60 texts\n/);
    expect(stdout).toMatch(/only mail@1 right +\d+\n {2}only mail@2 right +\d+/);
    expect(stdout).toMatch(/McNemar's test: mid-p \d\.\d{4}/);
    const json = await evaluate('--model', 'mail@1', '--compare', 'mail@2', '--data', data, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      versions: [
        { model: 'mail@1', count: 60 },
        { model: 'mail@2', count: 60 },
      ],
      comparison: { count: 60, verdict: 'not shown', test: { midP: expect.any(Number) } },
    });
  });

  test('labels that the model does not have are an error, and no figure', async () => {
    const other = join(folder, 'other-labels.jsonl');
    await writeFile(
      other,
      toLines([...smallMails(2), { text: 'a', label: 'news' }, { text: 'b', label: '__proto__' }]),
    );
    expect(await evaluate('--model', 'mail', '--data', other, '--json')).toEqual({
      code: 65,
      stdout: '',
      stderr:
        'evaluate: the data have labels that mail@1 does not have: "news" (1), "__proto__" (1); allowed: "ham", "spam"\n',
    });
    const { code, stderr } = await train('--data', data, '--test', other, '--model', 'never');
    expect({ code, stderr }).toEqual({
      code: 65,
      stderr: expect.stringContaining('the test data have labels that the training data do not have: "news" (1)'),
    });
    await expect(readdir(join(models, 'never'))).rejects.toThrow('ENOENT');
  });

  test('the same data, seed and version give the same files', async () => {
    for (const name of ['a', 'b']) {
      const args = [
        '--models',
        join(folder, name),
        '--data',
        data,
        '--model',
        'mail',
        '--version',
        'v1',
        '--seed',
        '5',
      ];
      expect(await runCli('train', args)).toMatchObject({ code: 0 });
    }
    for (const file of ['manifest.json', 'weights.bin']) {
      const [a, b] = await Promise.all(['a', 'b'].map((name) => readFile(join(folder, name, 'mail', 'v1', file))));
      expect(a!.equals(b!)).toBe(true);
    }
  });
});

test('train imports a classifier of natural, and gives the same predictions', async () => {
  const natural = new BayesClassifier();
  for (const { text, label } of smallMails(10)) natural.addDocument(text, label);
  natural.train();
  const saved = join(folder, 'natural.json');
  await writeFile(saved, JSON.stringify(natural));
  expect(await train('--from-natural', saved, '--model', 'imported')).toMatchObject({ code: 0 });
  const { stdout } = await evaluate('--model', 'imported', '--data', data, '--json');
  const right = smallMails(30).filter(({ text, label }) => natural.classify(text) === label).length;
  expect((JSON.parse(stdout) as { accuracy: number }).accuracy).toBe(right / 60);
});

test('an interrupt stops a training, and no file is left', async () => {
  const target = join(folder, 'interrupted');
  const args = ['--models', target, '--data', large, '--model', 'mail'];
  const { code, stderr } = await runCli('train', args, (stop) => stop('SIGINT'));
  expect(stderr).toMatch(/stopped by SIGINT, nothing was written/);
  expect(code).toBe(130);
  await expect(readdir(target)).rejects.toThrow('ENOENT');
});

test.concurrent.each([
  [['--model', 'x'], 64, /--data is missing/],
  [['--data', 'x'], 64, /--model is missing/],
  [['--data', 'x', '--model', '../x'], 64, /--model is "..\/x"; allowed/],
  [['--data', 'x', '--model', 'x', '--version', 'a/b'], 64, /--version is "a\/b"/],
  [['--data', 'x', '--model', 'x', '--algorithm', 'oracle'], 64, /--algorithm is "oracle"; allowed: auto/],
  [['--data', 'x', '--model', 'x', '--seed', '-1'], 64, /--seed/],
  [['--data', 'x', '--from-natural', 'y', '--model', 'x'], 64, /exclude each other/],
  [['--with-feedback', '--from-natural', 'y', '--model', 'x'], 64, /--with-feedback needs --data/],
  [['--nosuch'], 64, /--nosuch/],
  [['--data', '/nowhere/x', '--model', 'x'], 65, /cannot be read/],
  [['--data', '-', '--test', '-', '--model', 'x'], 64, /standard input \("-"\) is named twice/],
  [['--data', 'x', '--model', 'x', '--label-field', 'text'], 64, /--text-field and --label-field are both "text"/],
])('train %j exits with %d and gives the reason', async (args, code, reason) => {
  const finished = await train(...args);
  expect(finished.stderr).toMatch(reason);
  expect(finished.code).toBe(code);
});

test.each([
  [['--model', 'nosuch', '--data', 'x'], 64, /holds no such model/],
  [['--model', 'mail@9', '--data', 'x'], 65, /mail\/9: there is no such version; there are: 1, 2/],
  [['--compare', 'mail@1', '--data', 'x'], 64, /--compare needs two versions/],
  [['--model', 'mail', '--data', 'x', 'y'], 64, /"y" belongs to no option/],
  [['--model', 'mail@../..', '--data', 'x'], 64, /allowed/],
])('evaluate %j exits with %d and gives the reason', async (args, code, reason) => {
  const finished = await evaluate(...args);
  expect(finished.stderr).toMatch(reason);
  expect(finished.code).toBe(code);
});

test('--help explains every option', async () => {
  const { code, stdout } = await train('--help');
  expect(code).toBe(0);
  for (const option of [
    'data',
    'model',
    'test',
    'version',
    'algorithm',
    'tokenizer',
    'models',
    'seed',
    'from-natural',
    'with-feedback',
    'data-dir',
    'text-field',
    'label-field',
    'activate',
    'json',
  ]) {
    expect(stdout).toContain(`--${option}`);
  }
});
