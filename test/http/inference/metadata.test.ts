import { expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { serve } from '../in-process.ts';

async function get(url: string): Promise<unknown> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return response.json();
}

test('GET /v2 names the server and its extensions', async () => {
  const { url } = await serve();
  const metadata = { name: 'waymark', version: packageJson.version };
  const extensions = ['binary_tensor_data', 'model_repository'];
  expect(await get(`${url}/v2`)).toEqual({ ...metadata, extensions });
  expect(await get(`${url}/v2/`)).toEqual({ ...metadata, extensions });
});

test('GET /v2/models/{name} describes the tensors of a model, with or without its version', async () => {
  const { url } = await serve();
  const metadata = (await get(`${url}/v2/models/spam`)) as { versions: string[] };
  expect(metadata).toEqual({
    name: 'spam',
    versions: [expect.any(String)],
    platform: expect.stringMatching(/^waymark_/),
    inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
    outputs: [
      { name: 'label', datatype: 'BYTES', shape: [-1] },
      { name: 'confidence', datatype: 'FP64', shape: [-1] },
      { name: 'scores', datatype: 'FP64', shape: [-1, 2], parameters: { labels: '["ham","spam"]' } },
      { name: 'id', datatype: 'BYTES', shape: [-1] },
      { name: 'abstained', datatype: 'BOOL', shape: [-1] },
    ],
  });
  expect(await get(`${url}/v2/models/spam/versions/${metadata.versions[0]}`)).toEqual(metadata);
});

test('live and ready need no token, a model does', async () => {
  const { url } = await serve({ API_TOKENS: 'secret' });
  expect(await get(`${url}/v2/health/live`)).toEqual({ live: true });
  expect(await get(`${url}/v2/health/ready`)).toEqual({ live: true, ready: true });
  expect((await fetch(`${url}/v2/models/spam/ready`)).status).toBe(401);
  const headers = { authorization: 'Bearer secret' };
  expect(await (await fetch(`${url}/v2/models/spam/ready`, { headers })).json()).toEqual({ name: 'spam', ready: true });
});

test('a draining service is live and not ready', async () => {
  const { url, stop } = await serve();
  const stopped = stop();
  expect((await fetch(`${url}/v2/health/live`)).status).toBe(200);
  const response = await fetch(`${url}/v2/health/ready`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ error: 'The service is draining.' });
  await stopped;
});

test('a model that is not loaded is not ready', async () => {
  const { url } = await serve();
  for (const path of ['none/ready', 'spam/versions/0/ready', 'none']) {
    const response = await fetch(`${url}/v2/models/${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/there are: (?:spam|1)\.$/) });
  }
});
