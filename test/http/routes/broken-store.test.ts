import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { smallModels } from '../../models/small-models.ts';
import { post, serve } from '../in-process.ts';

const problem = {
  type: 'urn:waymark:problem:feedback-unavailable',
  status: 503,
  detail: expect.stringMatching(/store/),
};

let service: Awaited<ReturnType<typeof serve>>;
let id: string;

/** Starts a service with a shadow, and overwrites its feedback store while the service runs. */
beforeEach(async () => {
  const DATA_DIR = await mkdtemp(join(tmpdir(), 'waymark-broken-store-'));
  service = await serve({ MODELS_DIR: await smallModels('1', '2'), DATA_DIR });
  expect((await post(`${service.url}/models/spam/shadow`, { version: '1' })).status).toBe(200);
  ({ id } = (await (await post(`${service.url}/predict`, { text: 'Win a prize' })).json()) as { id: string });
  const files = (await readdir(DATA_DIR)).filter((file) => file.startsWith('feedback.db'));
  expect(files.toSorted()).toEqual(['feedback.db', 'feedback.db-shm', 'feedback.db-wal']);
  for (const file of files) {
    const { size } = await stat(join(DATA_DIR, file));
    // The files are overwritten in place, because SQLite has them open and maps one of them.
    await writeFile(join(DATA_DIR, file), Buffer.alloc(size, 'no database'), { flag: 'r+' });
  }
});

/** Returns the body of an answer with status 200, after a check against the OpenAPI document. */
async function documentedBody(response: Response, name: string): Promise<unknown> {
  expect(response.status).toBe(200);
  const body: unknown = await response.json();
  const { components } = (await (await fetch(`${service.url}/openapi.json`)).json()) as { components: object };
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const validate = ajv.compile({ $ref: `#/components/schemas/${name}`, components });
  expect(validate(body) ? [] : validate.errors).toEqual([]);
  return body;
}

describe('with a feedback store that cannot be used', () => {
  test('a model is reported without its comparison, and with the reason', async () => {
    const body = await documentedBody(await fetch(`${service.url}/models/spam`), 'ModelReport');
    const missing = { comparison: problem };
    expect(body).toMatchObject({ active: '2', shadow: '1', versions: [{}, {}], comparison: null, missing });
  });

  test('roles are changed, and the answer has the reason', async () => {
    const body = await documentedBody(await post(`${service.url}/models/spam/canary`, { version: '1' }), 'ModelReport');
    expect(body).toMatchObject({ active: '2', canary: '1', comparison: null });
    expect(await (await fetch(`${service.url}/models`)).json()).toMatchObject({ models: [{ canary: '1' }] });
  });

  test.each([
    ['feedback', () => post(`${service.url}/feedback`, { id, label: 'spam' })],
    ['quality', () => fetch(`${service.url}/quality`)],
    ['an evaluation', () => post(`${service.url}/maintenance/evaluate`, {})],
  ])('%s is answered with 503 and a problem that names the store', async (_, send) => {
    const response = await send();
    expect([response.status, await response.json()]).toEqual([503, expect.objectContaining(problem)]);
  });

  test.each([
    ['model report incomplete', '/models/spam'],
    ['request failed', '/quality'],
  ])('the log has the reason: %s', async (msg, path) => {
    await fetch(service.url + path);
    const lines = service.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const reason = expect.stringMatching(/^the feedback store failed: /);
    expect(lines).toContainEqual(expect.objectContaining({ msg, 'exception.message': reason }));
  });

  test('predictions are answered', async () => {
    expect((await post(`${service.url}/predict`, { text: 'Win a prize' })).status).toBe(200);
  });
});
