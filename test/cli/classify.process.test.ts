import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packLinear } from '../../src/artefacts/pack.ts';
import { createLinearClassifier } from '../../src/classifier/scoring/linear-classifier.ts';
import { classifyText, toAnswerJson } from '../../src/cli/classify-report.ts';
import { smallMails, trainSmall } from '../classifier/small-mails.ts';
import { post, serve } from '../http/in-process.ts';
import { SPAM_TEXT, smallModels } from '../models/small-models.ts';
import { runCli } from './run-cli.ts';

let models: string;
let folder: string;
beforeAll(async () => {
  models = await smallModels('1', '2');
  folder = await mkdtemp(join(tmpdir(), 'waymark-classify-'));
  await writeFile(join(models, 'spam/roles.json'), '{"format":1,"active":"1"}');
});
afterAll(async () => {
  await rm(models, { recursive: true });
  await rm(folder, { recursive: true });
});

const classify = (args: string[], input?: string | Buffer) =>
  runCli('classify', ['--models', models, ...args], undefined, input);

describe('classify', () => {
  test('prints the label, a bar for each label, and the words that decided', async () => {
    const { code, stdout, stderr } = await classify(['--model', 'spam', SPAM_TEXT]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^spam {2}(?:> )?\d+\.\d % {2}\(spam@1\)\n\n {2}spam +█+[▏▎▍▌▋▊▉]? +(?:> )?\d+\.\d %\n {2}(?:ham|news) /,
    );
    expect(stdout).toMatch(
      /\nWords that decided for spam \(\+\) or (?:ham|news) \(−\), in log-odds.*\n(?: {2}\S.* [+−]\d+\.\d\d\n)+/,
    );
  });

  test('takes words without quotes around them as one text, and another version', async () => {
    const { stdout } = await classify(['--model', 'spam@2', '--json', ...SPAM_TEXT.split(' ')]);
    expect(JSON.parse(stdout)).toMatchObject({ prediction: 'ham', model: { name: 'spam', version: '2' } });
  });

  test.each([
    [SPAM_TEXT, []],
    ['unknown wörds 漢字 👍', []],
    ['', []],
    [SPAM_TEXT, ['--explain', '3']],
  ])('--json prints what POST /predict answers, without the ids: %j %j', async (text, options) => {
    const { url } = await serve({ MODELS_DIR: models });
    const query = options.length > 0 ? `?explain=${options[1]}` : '';
    const answer = (await (await post(`${url}/predict${query}`, { text })).json()) as Record<string, unknown>;
    const { id: _, traceId: __, ...rest } = answer;
    const { stdout } = await classify(['--model', 'spam', '--json', ...options, text]);
    expect(stdout).toBe(`${JSON.stringify(rest)}\n`);
  });

  test('abstains below the minimum of the option, or else of the policy', async () => {
    const own = await smallModels('1');
    const abstains = async (...args: string[]) => {
      const { stdout } = await runCli('classify', ['--models', own, '--model', 'spam', ...args, SPAM_TEXT]);
      return args.includes('--json') ? (JSON.parse(stdout) as { abstained?: true }).abstained : stdout.split('\n')[1];
    };
    const note = 'Abstained: the confidence is below the minimum, so a person should decide.';
    expect(await abstains()).toBe('');
    expect(await abstains('--min-confidence', '1')).toBe(note);
    expect(await abstains('--json', '--min-confidence', '1')).toBe(true);
    await writeFile(join(own, 'spam/policy.json'), '{"minConfidence": 1}');
    expect(await abstains()).toBe(note);
    expect(await abstains('--json')).toBe(true);
    expect(await abstains('--json', '--min-confidence', '0')).toBeUndefined();
    await writeFile(join(own, 'spam/policy.json'), '{"minConfidence": 2}');
    const { code, stderr } = await runCli('classify', ['--models', own, '--model', 'spam', SPAM_TEXT]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('minConfidence: ') });
    await rm(own, { recursive: true });
  });

  test('reads standard input as one text', async () => {
    const one = await classify(['--model', 'spam', '--json', SPAM_TEXT]);
    expect(await classify(['--model', 'spam', '--json'], `${SPAM_TEXT}\n`)).toEqual(one);
    const utf16 = Buffer.from(`\ufeff${SPAM_TEXT}\r\n`, 'utf16le');
    expect(await classify(['--model', 'spam', '--json'], utf16)).toEqual(one);
  });

  test('reads a data file, whose texts need no label', async () => {
    const file = join(folder, 'texts.csv');
    await writeFile(file, `body\n${SPAM_TEXT}\n"two\nlines"\n`);
    const { stdout } = await classify(['--model', 'spam', '--data', file, '--text-field', 'body']);
    expect(stdout).toMatch(/^spam +(?:> )?\d+\.\d % {2}the free money.*\n(?:ham|spam|news) +\d+\.\d % {2}two lines\n$/);
    const lines = (await classify(['--model', 'spam', '--json', '--data', '-'], '{"text":"a"}\n{"text":"b"}\n')).stdout;
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => Object.keys(JSON.parse(line) as object)),
    ).toEqual([
      ['prediction', 'confidence', 'scores', 'anomalies', 'model'],
      ['prediction', 'confidence', 'scores', 'anomalies', 'model'],
    ]);
  });

  test('reads any other file as one text', async () => {
    const file = join(folder, 'mail.txt');
    await writeFile(file, `${SPAM_TEXT}\n`);
    const one = await classify(['--model', 'spam', '--json', SPAM_TEXT]);
    expect(await classify(['--model', 'spam', '--json', '--data', file])).toEqual(one);
  });

  test.each([
    [['a text'], 64, /--model is missing/],
    [['--model', 'nosuch', 'a'], 64, /holds no such model/],
    [['--model', 'spam@7', 'a'], 65, /there is no such version; there are: 1, 2/],
    [['--model', 'spam', '--data', 'x', 'a'], 64, /a text and --data exclude each other/],
    [['--model', 'spam', '--data', '/nowhere/x.csv'], 65, /cannot be read/],
    [['--model', 'spam', '--explain', 'all', 'a'], 64, /--explain is "all"; allowed/],
    [['--model', 'spam', '--min-confidence', '2', 'a'], 64, /--min-confidence is "2"; allowed: a number from 0 to 1/],
    [['--model', 'spam', '--min-confidence', '', 'a'], 64, /--min-confidence is ""; allowed/],
  ])('%j exits with %d and gives the reason', async (args, code, reason) => {
    const finished = await classify(args);
    expect(finished.stderr).toMatch(reason);
    expect(finished.code).toBe(code);
  });

  test('--help explains every option', async () => {
    const { stdout } = await classify(['--help']);
    for (const option of ['model', 'data', 'text-field', 'min-confidence', 'explain', 'models', 'json'])
      expect(stdout).toContain(`--${option}`);
  });
});

test('labels that are numbers or properties of objects keep their order and their scores', async () => {
  const names = { ham: '10', spam: '__proto__', news: '2' };
  const examples = smallMails(10, ['ham', 'spam', 'news']).map(({ text, label }) => ({ text, label: names[label] }));
  const trained = trainSmall({}, examples);
  const { manifest } = packLinear(trained.model, {
    name: 'odd',
    version: '1',
    training: { sha256: '0'.repeat(64), documents: 30, documentsByLabel: {}, seed: 1, candidates: [] },
    evaluation: { ...trained.evaluation, method: 'cross-validation' },
    reference: trained.reference,
    thresholds: trained.thresholds,
  });
  const model = { name: 'odd', version: '1', manifest, classifier: createLinearClassifier(trained.model) };
  const json = toAnswerJson(model, await classifyText(model, SPAM_TEXT, { explains: false, minConfidence: 0 }), 0);
  expect(json).toMatch(/^\{"prediction":"__proto__","confidence":0\.\d+,"scores":\{"10":\S+,"2":\S+,"__proto__":/);
  expect(Object.keys((JSON.parse(json) as { scores: object }).scores).toSorted()).toEqual(['10', '2', '__proto__']);
});
