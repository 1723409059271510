import { open, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { smallModels } from '../../models/small-models.ts';
import { post, serve } from '../in-process.ts';

interface Listed {
  readonly versions: { version: string; loaded: boolean; sha256: string }[];
}

async function loadedVersions(url: string): Promise<string[]> {
  const { versions } = (await (await fetch(`${url}/models/spam`)).json()) as Listed;
  return versions.filter(({ loaded }) => loaded).map(({ version }) => version);
}

test('every version is listed with its data, and with whether it is in memory', async () => {
  const { url } = await serve({ MODELS_DIR: await smallModels('1', '2', '3', '4') });
  const { models } = (await (await fetch(`${url}/models`)).json()) as { models: Listed[] };
  expect(models[0]!.versions.map(({ version, loaded }) => [version, loaded])).toEqual([
    ['4', true],
    ['3', true],
    ['2', false],
    ['1', false],
  ]);
  expect(models[0]!.versions[3]).toMatchObject({
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    labels: expect.any(Array),
  });
});

test.each([
  ['/predict', { text: 'a', model: 'spam@1' }],
  ['/predict?explain=true', { text: 'a', model: 'spam@1' }],
  ['/predict/batch', { texts: ['a', 'b'], model: 'spam@1' }],
  ['/v2/models/spam/versions/1/infer', { inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] }] }],
])('%s loads a version that it names', async (path, body) => {
  const { url, lines } = await serve({ MODELS_DIR: await smallModels('1', '2', '3') });
  const responses = await Promise.all(Array.from({ length: 8 }, () => post(url + path, body)));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
  expect(JSON.stringify(await responses[0]!.json())).toMatch(/"(model_)?version":"1"/);
  expect(await loadedVersions(url)).toEqual(['3', '2', '1']);
  expect(lines.filter((line) => line.includes('"model loaded"'))).toHaveLength(3);
});

test('routes that only describe a version do not load it', async () => {
  const { url } = await serve({ MODELS_DIR: await smallModels('1', '2', '3') });
  for (const path of [
    '/quality?model=spam@1',
    '/drift?model=spam@1',
    '/v2/models/spam/versions/1',
    '/v2/models/spam/versions/1/ready',
  ]) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 200]);
  }
  expect(await loadedVersions(url)).toEqual(['3', '2']);
});

test('a damaged version is answered as one that does not exist', async () => {
  const MODELS_DIR = await smallModels('1', '2', '3', '4');
  await truncate(join(MODELS_DIR, 'spam/1/weights.bin'), 100);
  const file = await open(join(MODELS_DIR, 'spam/2/weights.bin'), 'r+');
  await file.write(Buffer.from([1, 2, 3, 4, 5]), 0, 5, 100);
  await file.close();
  const { url, lines } = await serve({ MODELS_DIR });
  for (const version of ['1', '2', '1', '2', '9']) {
    const response = await post(`${url}/predict`, { text: 'a', model: `spam@${version}` });
    expect([version, response.status, await response.json()]).toMatchObject([
      version,
      404,
      { type: expect.stringContaining('model-not-found') },
    ]);
  }
  expect(lines.filter((line) => line.includes('"model refused"'))).toHaveLength(2);
  const activation = await post(`${url}/models/spam/activate`, { version: '2' });
  expect([activation.status, await activation.json()]).toMatchObject([
    422,
    { detail: expect.stringContaining('sha256') },
  ]);
});
