import { describe, expect, test } from 'vitest';
import { smallModels } from '../../models/small-models.ts';
import { post, serve } from '../in-process.ts';
import { bearer, storedToken, writeTokens } from './token-files.ts';

const EVERYTHING = ['predict', 'feedback', 'read', 'manage'];

async function start() {
  const API_TOKENS_FILE = await writeTokens(
    storedToken('ann', EVERYTHING),
    storedToken('bob', EVERYTHING, { models: ['other'] }),
  );
  return serve({ MODELS_DIR: await smallModels('1', '2'), API_TOKENS_FILE, API_TOKENS: 'old-token' });
}

test('the name of a token is the actor in the audit trail', async () => {
  const { url } = await start();
  await post(`${url}/models/spam/activate`, { version: '1' }, bearer('ann'));
  await post(`${url}/models/spam/rollback`, {}, { authorization: 'Bearer old-token' });
  const { changes } = (await (await fetch(`${url}/models/spam/changes`, { headers: bearer('ann') })).json()) as {
    changes: { actor: string }[];
  };
  expect(changes.map(({ actor }) => actor)).toEqual([expect.stringMatching(/^api token [0-9a-f]{8}$/), 'ann']);
});

describe('a token for other models', () => {
  const tensor = { inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: ['a'] }] };
  test.each<[string, string, unknown]>([
    ['POST', '/predict', { text: 'a' }],
    ['POST', '/predict', { text: 'a', model: 'spam@1' }],
    ['POST', '/predict/batch', { texts: ['a'], model: 'spam' }],
    ['POST', '/v2/models/spam/infer', tensor],
    ['POST', '/v2/models/spam/versions/1/infer', tensor],
    ['POST', '/v2/repository/models/spam/load', {}],
    ['POST', '/models/spam/activate', { version: '1' }],
    ['POST', '/models/%73pam/activate', { version: '1' }],
    ['GET', '/models/spam', undefined],
    ['GET', '/models/spam/changes', undefined],
    ['GET', '/quality?model=spam', undefined],
    ['GET', '/reviews?model=spam', undefined],
    ['GET', '/drift?model=spam@2', undefined],
    ['GET', '/v2/models/spam/ready', undefined],
  ])('gets 403 for %s %s', async (method, path, body) => {
    const { url } = await start();
    const headers = { 'content-type': 'application/json' };
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    expect((await fetch(url + path, { ...init, headers: { ...headers, ...bearer('ann') } })).status).toBe(200);
    const response = await fetch(url + path, { ...init, headers: { ...headers, ...bearer('bob') } });
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('This token may use these models only: other.');
  });

  test('gets no other models in lists, feedback and evaluations', async () => {
    const { url } = await start();
    const { id } = (await (await post(`${url}/predict`, { text: 'a' }, bearer('ann'))).json()) as { id: string };
    expect((await post(`${url}/feedback`, { id, label: 'spam' }, bearer('bob'))).status).toBe(404);
    expect((await post(`${url}/feedback`, { id, label: 'spam' }, bearer('ann'))).status).toBe(200);
    const change = async (method: string, name: string, body?: string) => {
      const headers = { 'content-type': 'application/json', ...bearer(name) };
      return (await fetch(`${url}/feedback/${id}`, { method, headers, ...(body && { body }) })).status;
    };
    expect(await change('PUT', 'bob', '{"label":"ham"}')).toBe(404);
    expect(await change('DELETE', 'bob')).toBe(403);
    expect([await change('PUT', 'ann', '{"label":"ham"}'), await change('DELETE', 'ann')]).toEqual([200, 200]);
    expect(await (await fetch(`${url}/models`, { headers: bearer('bob') })).json()).toEqual({
      models: [],
      refused: [],
    });
    expect(await (await post(`${url}/v2/repository/index`, {}, bearer('bob'))).json()).toEqual([]);
    const alerts = [{ labels: { model: 'spam' } }];
    for (const body of [{}, { alerts }]) {
      const response = await post(`${url}/maintenance/evaluate`, body, bearer('bob'));
      expect(await response.json()).toEqual({ evaluations: [] });
    }
    expect(await (await post(`${url}/maintenance/evaluate`, {}, bearer('ann'))).json()).toMatchObject({
      evaluations: [{ model: 'spam' }],
    });
  });
});
