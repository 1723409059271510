import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { post, serve } from '../in-process.ts';

/** Creates a models folder with copies of the bundled model, under its own name and under others. */
async function createModelsFolder(...names: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  for (const name of ['spam', ...names]) await addModel(folder, name);
  return folder;
}

async function addModel(folder: string, name: string): Promise<void> {
  await cp('models/spam/1', join(folder, name, '1'), { recursive: true });
  const file = join(folder, name, '1/manifest.json');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"name": "spam"', `"name": "${name}"`));
}

const index = async (url: string, body: unknown = '') => (await post(`${url}/v2/repository/index`, body)).json();
const entry = (name: string, ready: boolean) =>
  ready
    ? { name, version: '1', state: 'READY', reason: '' }
    : { name, version: '1', state: 'UNAVAILABLE', reason: 'not loaded' };

test('the index lists loaded and stored versions', async () => {
  const { url } = await serve({ MODELS_DIR: await createModelsFolder('later') });
  await post(`${url}/v2/repository/models/later/unload`, {});
  expect(await index(url)).toEqual([entry('spam', true), entry('later', false)]);
  expect(await index(url, { ready: true })).toEqual([entry('spam', true)]);
});

test('a model that was added to the folder can be loaded, and answers', async () => {
  const MODELS_DIR = await createModelsFolder();
  const { url } = await serve({ MODELS_DIR });
  await addModel(MODELS_DIR, 'later');
  expect((await post(`${url}/v2/repository/models/later/load`, '')).status).toBe(200);
  const response = await post(`${url}/predict`, { text: 'a', model: 'later' });
  expect(await response.json()).toMatchObject({ model: { name: 'later', version: '1' } });
  expect(await index(url)).toEqual([entry('spam', true), entry('later', true)]);
});

test('an unloaded model does not answer until it is loaded again', async () => {
  const { url } = await serve({ MODELS_DIR: await createModelsFolder('other') });
  const unload = await post(`${url}/v2/repository/models/other/unload`, { parameters: { unload_dependents: false } });
  expect(unload.status).toBe(200);
  expect((await fetch(`${url}/v2/models/other/ready`)).status).toBe(404);
  expect((await index(url)) as unknown[]).toContainEqual(entry('other', false));
  expect((await post(`${url}/v2/repository/models/other/unload`, {})).status).toBe(404);
  expect((await post(`${url}/v2/repository/models/other/load`, {})).status).toBe(200);
  expect((await fetch(`${url}/v2/models/other/ready`)).status).toBe(200);
});

test('a failed load leaves the model unchanged', async () => {
  const MODELS_DIR = await createModelsFolder();
  const { url } = await serve({ MODELS_DIR });
  await truncate(join(MODELS_DIR, 'spam/1/weights.bin'), 1000);
  const response = await post(`${url}/v2/repository/models/spam/load`, {});
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: expect.stringContaining('No version of the model "spam"') });
  expect((await post(`${url}/predict`, { text: 'a' })).status).toBe(200);
});

test.each([
  ['the default model cannot be unloaded', 'spam/unload', {}, 409, 'stays loaded'],
  ['an unknown model cannot be loaded', 'none/load', {}, 404, 'there are: spam'],
  ['a folder outside cannot be loaded', '..%2Fspam/load', {}, 404, 'there are: spam'],
  [
    'a model cannot be loaded with a configuration',
    'spam/load',
    { parameters: { config: '{}' } },
    400,
    'unknown field',
  ],
  ['a list is rejected', 'spam/load', [], 400, 'must be an object'],
])('%s', async (_, path, body, status, sentence) => {
  const { url } = await serve({ MODELS_DIR: await createModelsFolder() });
  const response = await post(`${url}/v2/repository/models/${path}`, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ error: expect.stringContaining(sentence) });
});

test('the index lists a loaded model after its folder was deleted', async () => {
  const MODELS_DIR = await createModelsFolder();
  const { url } = await serve({ MODELS_DIR });
  await rm(join(MODELS_DIR, 'spam'), { recursive: true });
  expect(await index(url)).toEqual([entry('spam', true)]);
});
