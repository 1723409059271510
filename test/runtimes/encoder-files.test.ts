import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  encoderFolder,
  findEncoder,
  listEncoders,
  readEncoder,
  storeEncoder,
} from '../../src/runtimes/encoder-files.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/encoder');
let folder: string;
let models: string;

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'waymark-encoder-'));
  folder = join(root, 'export');
  models = join(root, 'models');
  await cp(join(FIXTURES, 'sentence-encoder'), folder, { recursive: true });
});

async function describeEncoder() {
  const source = await readEncoder(folder);
  const { sha256, files, maxTokens, pooling } = source;
  return { source, description: { sha256, files: [...files], maxTokens, pooling, dimensions: 8 } };
}

describe('the folder of an export', () => {
  test('has its model in it or in onnx/', async () => {
    const nested = await readEncoder(folder);
    await cp(join(folder, 'onnx/model.onnx'), join(folder, 'model.onnx'));
    await rm(join(folder, 'onnx'), { recursive: true });
    expect((await readEncoder(folder)).sha256).toBe(nested.sha256);
  });

  test('says how long texts may be, and how tokens are pooled', async () => {
    expect(await readEncoder(folder)).toMatchObject({ maxTokens: 32, pooling: 'mean', labels: undefined });
    await writeFile(join(folder, 'sentence_bert_config.json'), '{"max_seq_length": 16}');
    await writeFile(join(folder, 'tokenizer_config.json'), '{"model_max_length": 1000000000000000019884624838656}');
    await mkdir(join(folder, '1_Pooling'));
    await writeFile(join(folder, '1_Pooling/config.json'), '{"pooling_mode_cls_token": true}');
    expect(await readEncoder(folder)).toMatchObject({ maxTokens: 16, pooling: 'cls' });
  });

  test('has the labels of a classifier in their order', async () => {
    expect((await readEncoder(join(FIXTURES, 'sequence-classifier'))).labels).toEqual(['ham', 'news', 'spam']);
  });

  test.each([
    ['tokenizer.json', undefined, 'has no tokenizer.json'],
    ['config.json', '{', 'config.json cannot be used'],
    ['1_Pooling/config.json', '{"pooling_mode_lasttoken": true}', 'supported are mean, cls and max'],
    [
      '1_Pooling/config.json',
      '{"pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": true}',
      'supported are mean, cls and max',
    ],
  ])('with a bad %s is refused in one line', async (file, content, reason) => {
    await mkdir(join(folder, '1_Pooling'));
    if (content === undefined) await rm(join(folder, file));
    else await writeFile(join(folder, file), content);
    const message = await readEncoder(folder).catch((error: Error) => `${error.name}: ${error.message}`);
    expect(message).toMatch(/^EncoderError: .*$/);
    expect(message).toContain(reason);
  });
});

describe('a stored encoder', () => {
  test('is found by its digest, with the same content', async () => {
    const { source, description } = await describeEncoder();
    await storeEncoder(models, source);
    await storeEncoder(models, source);
    expect(await listEncoders(models)).toEqual([source.sha256]);
    const { model, tokenizer } = await findEncoder(models, description, 'embedding');
    expect(await readFile(model)).toEqual(await readFile(join(folder, 'onnx/model.onnx')));
    expect(await readFile(tokenizer)).toEqual(await readFile(join(folder, 'tokenizer.json')));
    // A retraining reads it again from there.
    expect((await readEncoder(encoderFolder(models, source.sha256))).sha256).toBe(source.sha256);
  });

  test('with another content is refused', async () => {
    const { source, description } = await describeEncoder();
    await storeEncoder(models, source);
    await writeFile(join(encoderFolder(models, source.sha256), 'model.onnx'), 'another model');
    await expect(findEncoder(models, description, 'embedding')).rejects.toThrow('another content');
  });

  test('that is missing is refused', async () => {
    const { description } = await describeEncoder();
    await expect(findEncoder(models, description, 'embedding')).rejects.toThrow('cannot be read: ENOENT');
  });

  test('whose digest does not fit its files is refused', async () => {
    const { source, description } = await describeEncoder();
    await storeEncoder(models, source);
    const other = { ...description, sha256: 'b'.repeat(64) };
    await expect(findEncoder(models, other, 'embedding')).rejects.toThrow('does not fit its files');
  });
});
