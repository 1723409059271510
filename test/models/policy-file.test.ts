import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parsePolicy, readPolicy, writeInitialPolicy } from '../../src/models/policy-file.ts';

describe('the policy file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waymark-policy-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('without a file recommends only', async () => {
    const { policy } = await readPolicy(folder);
    expect(policy).toMatchObject({ mode: 'recommend', everySeconds: 60, retrain: { niceness: 19 } });
    expect(policy?.data).toBeUndefined();
  });

  test('fills in defaults at every depth', async () => {
    const given = { mode: 'automatic', data: '../mail.jsonl', retrain: { drift: { forSeconds: 5 } } };
    await writeFile(join(folder, 'policy.json'), JSON.stringify(given));
    const { policy } = await readPolicy(folder);
    expect(policy).toMatchObject({
      mode: 'automatic',
      data: '../mail.jsonl',
      retrain: { drift: { forSeconds: 5 }, accuracyDrop: { points: 0.02 }, minimumFeedback: 200 },
      rollback: { accuracy: { confidence: 0.99 } },
    });
  });

  test('declares the data of the first training, relative to its folder', async () => {
    await writeInitialPolicy(folder, { paths: [join(folder, '../a.csv')] });
    expect((await readPolicy(folder)).policy?.data).toBe('../a.csv');
    expect(await writeInitialPolicy(folder, { paths: ['b.csv'] })).toBeUndefined();
    await rm(join(folder, 'policy.json'));
    await writeInitialPolicy(folder, { paths: [join(folder, 'a.csv'), join(folder, 'b.csv')], textField: 'body' });
    expect((await readPolicy(folder)).policy).toMatchObject({ data: ['a.csv', 'b.csv'], textField: 'body' });
  });

  test.each([
    ['{', 'is not valid JSON'],
    ['[]', 'the file: '],
    ['{"mode": "auto"}', 'mode: '],
    ['{"promote": {"canaryShare": 0}}', 'promote.canaryShare: '],
    ['{"promote": {"confidence": 1}}', 'promote.confidence: '],
    ['{"rollback": {"latencyRatio": 0.5}}', 'rollback.latencyRatio: '],
    ['{"cooldown": 5}', '"cooldown"'],
    ['{"retrain": {"drift": {"for": 5}}}', 'retrain.drift: '],
  ])('%s is a problem that names the place', (text, where) => {
    const { policy, problem } = parsePolicy(text);
    expect(policy).toBeUndefined();
    expect(problem).toContain(where);
  });
});

test.each([
  ['an interval that no timer can wait for', '{"everySeconds": 1e10}', 'everySeconds'],
  ['a time of a million years', '{"cooldownSeconds": 3e13}', 'cooldownSeconds'],
  ['an infinite number', '{"retrain": {"minimumFeedback": 1e999}}', 'retrain.minimumFeedback'],
  ['a memory limit of an exabyte', '{"retrain": {"maxMemoryMB": 1e12}}', 'retrain.maxMemoryMB'],
  ['a deep value', `{"data": ${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'data'],
])('hostile numbers are refused: %s', (_, text, field) => {
  expect(parsePolicy(text).problem).toContain(field);
});
