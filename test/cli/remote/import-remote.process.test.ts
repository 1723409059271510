import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readContent } from '../../../src/artefacts/artefact.ts';
import { smallMails } from '../../classifier/small-mails.ts';
import { serve } from '../../http/in-process.ts';
import { smallModels } from '../../models/small-models.ts';
import { chatSpam, faults, json, SECRET, startStandIn } from '../../runtimes/remote/stand-in.ts';
import { runCli } from '../run-cli.ts';

const examples = smallMails(20);
let folder: string;
let data: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-import-'));
  data = join(folder, 'data.jsonl');
  await writeFile(data, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
});

async function importInto(models: string, ...args: string[]) {
  return runCli('import-remote', ['--models', models, '--model', 'far', ...args]);
}

const emptyFolder = () => mkdtemp(join(tmpdir(), 'waymark-models-'));

describe('import-remote with the Open Inference Protocol', () => {
  test('reads inputs, outputs and labels from the server, here another Waymark, and calibrates', async () => {
    const other = await serve({ MODELS_DIR: await smallModels('1') });
    const models = await emptyFolder();
    const args = ['--protocol', 'oip', '--url', other.url, '--remote-model', 'spam', '--calibrate', data];
    const { stdout, stderr, code } = await importInto(models, ...args, '--json');
    expect([stderr, code]).toEqual(['', 0]);
    const result = JSON.parse(stdout) as Record<string, unknown>;
    expect(result).toMatchObject({
      model: 'far',
      version: '1',
      active: '1',
      labels: ['ham', 'spam'],
      evaluation: { method: 'held-out', accuracy: 1 },
      endpoint: other.url,
    });
    const { manifest, content } = await readContent(join(models, 'far/1'));
    expect(content).toMatchObject({
      remote: {
        model: 'spam',
        input: { name: 'text', dimensions: 1 },
        output: { name: 'scores', content: 'probabilities' },
      },
    });
    expect(manifest.training.documents).toBe(examples.length);
    const spam = examples.filter(({ label }) => label === 'spam').length / examples.length;
    expect(manifest.reference.label).toEqual({ ham: expect.closeTo(1 - spam, 9), spam: expect.closeTo(spam, 9) });
  });

  test('finds out that an output has logits', async () => {
    const metadata = {
      inputs: [{ name: 'TEXT', datatype: 'BYTES', shape: [-1, 1] }],
      outputs: [{ name: 'LOGITS', datatype: 'FP32', shape: [-1, 2] }],
    };
    const endpoint = await startStandIn((response, request) => {
      const answer = request.path.endsWith('/infer') ? { outputs: [{ name: 'LOGITS', data: [[-3, 2.5]] }] } : metadata;
      json(answer)(response, request);
    });
    const models = await emptyFolder();
    const args = ['--protocol', 'oip', '--url', endpoint.url, '--labels', 'ham, spam'];
    const { stderr, code, stdout } = await importInto(models, ...args);
    expect([stderr, code]).toEqual(['', 0]);
    expect(stdout).toContain(`REMOTE_ENDPOINTS=${endpoint.url}`);
    const { content } = await readContent(join(models, 'far/1'));
    expect(content).toMatchObject({
      labels: ['ham', 'spam'],
      remote: { input: { name: 'TEXT', dimensions: 2 }, output: { name: 'LOGITS', content: 'logits' } },
    });
  });

  test('says that the labels are missing', async () => {
    const outputs = [{ name: 'p', datatype: 'FP32', shape: [-1, 2] }];
    const endpoint = await startStandIn(json({ inputs: [{ name: 'a', datatype: 'BYTES', shape: [-1] }], outputs }));
    const { stderr, code } = await importInto(await emptyFolder(), '--protocol', 'oip', '--url', endpoint.url);
    expect(stderr).toContain('the server does not name the labels: --labels or --task is missing');
    expect(code).toBe(64);
  });
});

describe('import-remote with chat completions', () => {
  test('takes labels, descriptions, examples and prices from the task', async () => {
    const endpoint = await startStandIn(chatSpam);
    const task = join(folder, 'task.json');
    const labels = ['ham', { label: 'spam', description: 'unwanted' }];
    const examples = [{ text: 'Win', label: 'spam' }];
    const prices = { currency: 'EUR', input: 1, output: 2 };
    await writeFile(task, JSON.stringify({ labels, examples, prices, instructions: 'Sort mails.' }));
    const texts = ['free money', 'free offer', 'hello', 'see you'].map((text) => ({
      text,
      label: text.startsWith('free') ? 'spam' : 'ham',
    }));
    const calibration = join(folder, 'calibration.jsonl');
    await writeFile(calibration, texts.map((example) => `${JSON.stringify(example)}\n`).join(''));
    const models = await emptyFolder();
    const args = ['--protocol', 'openai', '--url', `${endpoint.url}/v1`, '--remote-model', 'small', '--task', task];
    const { stderr, code } = await importInto(models, ...args, '--calibrate', calibration);
    expect([stderr, code]).toEqual(['', 0]);
    const { content, manifest } = await readContent(join(models, 'far/1'));
    expect(content).toMatchObject({
      labels: ['ham', 'spam'],
      remote: { model: 'small', instructions: 'Sort mails.', descriptions: { spam: 'unwanted' }, examples, prices },
    });
    // All texts are right, so the calibration makes the model surer than it is.
    expect((content as { scale: number }).scale).toBeGreaterThan(1);
    expect(manifest.evaluation).toMatchObject({ method: 'held-out', count: 4, accuracy: 1 });
    expect(endpoint.requests).toHaveLength(5);
  });

  test('writes no version if the endpoint does not answer, and shows nothing of its answer', async () => {
    const endpoint = await startStandIn(faults.refusal);
    const models = await emptyFolder();
    const args = ['--protocol', 'openai', '--url', endpoint.url, '--labels', 'ham,spam'];
    const { stderr, code } = await importInto(models, ...args);
    expect(stderr).toContain('It refuses the request.');
    expect(stderr).not.toContain(SECRET);
    expect(code).toBe(1);
    await expect(readContent(join(models, 'far/1'))).rejects.toThrow();
  });
});

test.each([
  [['--protocol', 'grpc', '--url', 'http://a.example'], '--protocol is "grpc"; allowed: oip, openai'],
  [['--protocol', 'oip'], '--url is missing'],
  [['--protocol', 'oip', '--url', 'http://user:hush@a.example'], '--url is'],
  [['--protocol', 'openai', '--url', 'http://a.example'], '--labels or --task is missing'],
  [['--protocol', 'openai', '--url', 'http://a.example', '--labels', 'spam'], '--labels cannot be used'],
])('import-remote refuses %j', async (args, message) => {
  const { stderr, code } = await importInto(await emptyFolder(), ...args);
  expect(stderr).toContain(message);
  expect(code).toBe(64);
});
