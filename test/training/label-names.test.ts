import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { readArtefact, writeArtefact } from '../../src/artefacts/artefact.ts';
import { labelRecord } from '../../src/platform/label-record.ts';
import { predictFile } from '../../src/training/predict-examples.ts';
import { train } from '../../src/training/train.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark-labels-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('labels named like properties of objects are trained, written, read and evaluated like all others', async () => {
  const labels = ['__proto__', 'constructor', 'toString'];
  const lines = labels.flatMap((label, kind) =>
    [1, 2, 3, 4, 5].map((at) =>
      JSON.stringify({ text: `${['red apple', 'green pear', 'blue plum'][kind]} ${at}`, label }),
    ),
  );
  const data = join(folder, 'data.jsonl');
  await writeFile(data, lines.join('\n'));
  const { manifest, bytes } = await train({
    source: { examples: data },
    test: data,
    name: 'fruit',
    version: '1',
    algorithm: 'logistic-regression',
    tokenizer: 'auto',
    seed: 1,
  });
  const version = join(folder, 'fruit', '1');
  await writeArtefact(version, manifest, bytes);
  const { manifest: read, classifier } = await readArtefact(version);
  expect(Object.entries(read.training.documentsByLabel)).toEqual(labels.map((label) => [label, 5]));
  expect(Object.keys(read.reference.label)).toEqual(labels);
  for (const label of labels)
    expect(Object.getOwnPropertyDescriptor(read.reference.label, label)?.value).toBeTypeOf('number');
  const { evaluation } = await predictFile(classifier, data);
  expect(Object.keys(evaluation.labels)).toEqual(labels);
  expect(evaluation.accuracy).toBe(1);
});

test('the schema of a record of labels checks each value, and tells the label', () => {
  const schema = labelRecord(z.number().min(0));
  expect(Object.entries(schema.parse(JSON.parse('{"__proto__": 1, "a": 2}')))).toEqual([
    ['__proto__', 1],
    ['a', 2],
  ]);
  expect(schema.safeParse({ a: -1 }).error?.issues[0]?.path).toEqual(['a']);
  expect(schema.safeParse([1]).success).toBe(false);
});
