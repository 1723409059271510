import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { runCli } from './run-cli.ts';

let folder: string;
let data: string;
let dataDir: string;

const toLines = (examples: readonly object[]) => examples.map((example) => `${JSON.stringify(example)}\n`).join('');
const fresh = Array.from({ length: 30 }, (_, at) => `quarterly turbine maintenance schedule, part ${at}`);
const known = smallMails(30)[0]!.text;

/** Records feedback as a running service does, and keeps its file open. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-with-feedback-'));
  data = join(folder, 'train.jsonl');
  dataDir = join(folder, 'data');
  await writeFile(data, toLines(smallMails(30)));
  const database = openFeedbackDatabase(dataDir);
  const given: [text: string | undefined, actual: string, model?: string][] = [
    ...fresh.map((text): [string, string] => [text, 'spam']),
    ['a text with corrected feedback', 'spam'],
    ['a text with corrected feedback', 'ham'],
    [known, 'spam'],
    ['of an earlier version', 'news'],
    [undefined, 'spam'],
    ['about another model', 'spam', 'other'],
  ];
  const feedback = given.map(([text, actual, model = 'mail'], at) => ({
    id: `id ${at}`,
    model,
    version: at % 2 ? '1' : '2',
    predicted: 'ham',
    actual,
    predictedAt: 1,
    receivedAt: 1_000 + at,
    text,
    source: 'truth' as const,
    reviewShare: 0,
    artefact: '',
  }));
  // More than one page of rows, most of them on another model.
  const others = Array.from({ length: 1_200 }, (_, at) => ({
    ...feedback.at(-1)!,
    id: `other ${at}`,
    text: `other ${at}`,
  }));
  database.record([...others.slice(600), ...feedback.slice(0, 20), ...others.slice(0, 600), ...feedback.slice(20)]);
  return () => database.close();
});
afterAll(() => rm(folder, { recursive: true }));

const train = (models: string, ...args: string[]) =>
  runCli('train', ['--models', join(folder, models), '--data', data, '--model', 'mail', ...args]);

test('train learns from feedback with text in addition to the data, while a service has the file open', async () => {
  const { code, stdout } = await train('a', '--with-feedback', '--data-dir', dataDir);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: expect.stringContaining(
      'Learnt from 59 examples of the data and 32 of 34 examples of the feedback (not used: 1 with a text that later feedback has too, 1 with a label that the data do not have), which replaced 1 of the data.',
    ),
  });
  const { manifest, classifier } = await readArtefact(join(folder, 'a', 'mail', '1'));
  expect(classifier.labels).toEqual(['ham', 'spam']);
  expect(classifier.score(classifier.tokenize('turbine maintenance')).label).toBe('spam');
  const learnt = [
    ...fresh.map((text) => ({ text, label: 'spam' })),
    { text: 'a text with corrected feedback', label: 'ham' },
    { text: known, label: 'spam' },
  ];
  expect(manifest.training).toMatchObject({
    documents: 91,
    sha256: createHash('sha256')
      .update(await readFile(data))
      .digest('hex'),
    feedback: {
      given: 34,
      documents: 32,
      otherLabels: 1,
      replaced: 1,
      sha256: createHash('sha256').update(toLines(learnt)).digest('hex'),
      until: 1_033,
    },
  });
});

test('the same data, feedback and seed give the same bytes', async () => {
  const files = ['b', 'c'].map(async (models) => {
    expect((await train(models, '--with-feedback', '--data-dir', dataDir)).code).toBe(0);
    return Promise.all(
      ['manifest.json', 'weights.bin'].map((file) => readFile(join(folder, models, 'mail', '1', file))),
    );
  });
  const [one, other] = await Promise.all(files);
  expect(one).toEqual(other);
});

test('without feedback the manifest does not mention feedback', async () => {
  expect(await train('d')).toMatchObject({ code: 0, stdout: expect.stringContaining('Learnt from 60 examples.') });
  const { manifest } = await readArtefact(join(folder, 'd', 'mail', '1'));
  expect(manifest.training).not.toHaveProperty('feedback');
});

test('a folder without feedback is an error that names the folder', async () => {
  const nowhere = join(folder, 'nowhere');
  const { code, stderr } = await train('e', '--with-feedback', '--data-dir', nowhere);
  expect(code).toBe(65);
  expect(stderr).toContain(`${nowhere} has no feedback that can be read`);
});
