import { createHash } from 'node:crypto';
import { rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { labelBy, SPAM_TEXT, smallModels, writeSmallVersion } from '../../models/small-models.ts';
import { post, serve } from '../in-process.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

type Json = Record<string, unknown>;

async function start(settings: Record<string, string> = {}, ...versions: string[]) {
  const MODELS_DIR = await smallModels(...(versions.length > 0 ? versions : ['1', '2', '3']));
  const { url, lines } = await serve({ MODELS_DIR, ...settings });
  const change = (action: string, body: unknown, headers = {}) => post(`${url}/models/spam/${action}`, body, headers);
  const answer = async (response: Response) => [response.status, await response.json()];
  const predict = async (headers = {}, model = 'spam') => {
    const { model: answering, prediction } = (await (
      await post(`${url}/predict`, { text: SPAM_TEXT, model }, headers)
    ).json()) as { model: { version: string }; prediction: string };
    expect(prediction).toBe(labelBy(answering.version));
    return answering.version;
  };
  return { MODELS_DIR, url, lines, change, answer, predict };
}

describe('the roles of versions', () => {
  test('are changed by one request each, which answers with the model', async () => {
    const { change, answer, predict, url } = await start();
    expect(await predict()).toBe('3');
    const activated = await answer(await change('activate', { version: '1', why: 'a try' }));
    expect(activated).toEqual([
      200,
      expect.objectContaining({ name: 'spam', active: '1', shadow: null, canary: null }),
    ]);
    expect(await predict()).toBe('1');
    expect(await answer(await change('shadow', { version: '2' }))).toMatchObject([200, { active: '1', shadow: '2' }]);
    const canary = { version: '3', share: 0.25 };
    expect(await answer(await change('canary', canary))).toMatchObject([200, { canary: '3', canaryShare: 0.25 }]);
    expect(await answer(await fetch(`${url}/models/spam`))).toMatchObject([200, { shadow: '2', canary: '3' }]);
    expect(await answer(await change('canary', { version: null }))).toMatchObject([200, { canaryShare: null }]);
    expect(await answer(await change('rollback', {}))).toMatchObject([200, { active: '3', shadow: '2' }]);
    expect(await predict()).toBe('3');
    expect(await predict({}, 'spam@1')).toBe('1');
  });

  test('have a list of changes with actor, action and reason under their present and former names, latest first', async () => {
    const { change, url } = await start({ API_TOKENS: 'first-token,second-token' });
    const authorization = 'Bearer second-token';
    await change('activate', { version: '1', reason: 'a try' }, { authorization });
    await change('rollback', {}, { authorization });
    const response = await fetch(`${url}/models/spam/changes`, { headers: { authorization } });
    const { changes } = (await response.json()) as { changes: Json[] };
    expect(changes.map(({ action, from, to, reason }) => [action, from, to, reason])).toEqual([
      ['rollback', '1', '3', ''],
      ['activate', '3', '1', 'a try'],
    ]);
    expect(changes[0]).toMatchObject({
      actor: `api token ${sha256('second-token').slice(0, 8)}`,
      revision: 2,
      at: expect.stringMatching(/^20.*Z$/),
    });
    for (const { who, what, why, actor, action, reason } of changes)
      expect([who, what, why]).toEqual([actor, action, reason]);
    expect((await change('activate', { version: '1' })).status).toBe(401);
    expect((await fetch(`${url}/models/spam/changes`)).status).toBe(401);
  });

  test('take a reason under its present and its former name', async () => {
    const { change, url } = await start();
    await change('activate', { version: '1', why: 'former' });
    await change('activate', { version: '2', reason: 'present', why: 'former' });
    const { changes } = (await (await fetch(`${url}/models/spam/changes`)).json()) as { changes: Json[] };
    expect(changes.map(({ reason }) => reason)).toEqual(['present', 'former']);
  });

  test('outlive the process', async () => {
    const { MODELS_DIR, change } = await start();
    await change('activate', { version: '2' });
    const { url } = await serve({ MODELS_DIR });
    expect(await (await fetch(`${url}/models/spam`)).json()).toMatchObject({ active: '2' });
  });
});

describe('a change that is not possible', () => {
  const longReason = 'x'.repeat(501);
  test.each<[string, unknown, number, string, RegExp]>([
    ['activate', { version: '9' }, 404, 'version-not-found', /no such version; there are: 3, 2, 1/],
    ['shadow', { version: '../../spam/1' }, 404, 'version-not-found', /there are: 3, 2, 1/],
    [
      'activate',
      { version: '2' },
      422,
      'model-damaged',
      /Version "2" of the model spam cannot be used: weights.bin has/,
    ],
    ['canary', { version: '2', share: 0.5 }, 422, 'model-damaged', /weights.bin has/],
    ['canary', { version: '3', share: 0.5 }, 409, 'version-active', /another version than the active one, 3/],
    ['canary', { version: '1', share: 1.5 }, 422, 'invalid-request', /"share" must not be above 1/],
    ['canary', { share: 0.5 }, 422, 'invalid-request', /"version" must be a string/],
    ['activate', { version: null }, 422, 'invalid-request', /"version" must be a string/],
    ['activate', { version: '1', reason: longReason }, 422, 'invalid-request', /"reason" is longer than 500/],
    ['activate', { version: '1', why: longReason }, 422, 'invalid-request', /"why" is longer than 500/],
    ['rollback', { version: '1' }, 422, 'invalid-request', /unknown field "version"; allowed: reason, why/],
    ['rollback', '', 400, 'malformed-json', /empty/],
  ])('%s %j is answered with %i', async (action, body, status, type, detail) => {
    const { MODELS_DIR, change, answer, predict, url } = await start();
    await truncate(join(MODELS_DIR, 'spam/2/weights.bin'), 100);
    const response = await answer(await change(action, body));
    expect(response).toMatchObject([
      status,
      { type: `urn:waymark:problem:${type}`, detail: expect.stringMatching(detail) },
    ]);
    expect(JSON.stringify(response)).not.toContain(MODELS_DIR);
    expect(await predict()).toBe('3');
    expect(await answer(await fetch(`${url}/models/spam/changes`))).toEqual([200, { changes: [] }]);
  });

  test('a rollback without a formerly active version is answered with 409', async () => {
    const { change, answer } = await start({}, '1');
    expect(await answer(await change('rollback', {}))).toMatchObject([409, { title: 'No version was active before' }]);
  });

  test('a change of an unknown model is answered with 404', async () => {
    const { url } = await start();
    for (const path of ['none/activate', 'none/rollback', '..%2Fspam/activate']) {
      expect((await post(`${url}/models/${path}`, path.endsWith('e') ? { version: '1' } : {})).status).toBe(404);
    }
    expect((await fetch(`${url}/models/none/changes`)).status).toBe(404);
  });

  test('a change in a read-only folder is answered with 409', async () => {
    const { MODELS_DIR, change, answer, predict } = await start();
    await rm(join(MODELS_DIR, 'spam/roles.lock'), { force: true });
    await writeSmallVersion(join(MODELS_DIR, 'spam'), 'roles.lock', '1');
    expect(await answer(await change('activate', { version: '1' }))).toMatchObject([
      409,
      { type: 'urn:waymark:problem:models-read-only' },
    ]);
    expect(await predict()).toBe('3');
  });
});

describe('a canary', () => {
  const keys = Array.from({ length: 200 }, (_, at) => `client ${at}`);

  test('answers its share of the keys, always the same ones, and keeps them when its share grows', async () => {
    const { change, predict } = await start();
    const versionsAt = async (share: number) => {
      await change('canary', { version: '2', share });
      return Promise.all(keys.map((key) => predict({ 'x-canary-key': key })));
    };
    const tenth = await versionsAt(0.1);
    const half = await versionsAt(0.5);
    expect(await versionsAt(0.5)).toEqual(half);
    const share = (versions: string[]) => versions.filter((version) => version === '2').length / keys.length;
    expect(share(tenth)).toBeGreaterThan(0.03);
    expect(share(tenth)).toBeLessThan(0.2);
    expect(share(half)).toBeGreaterThan(0.38);
    expect(share(half)).toBeLessThan(0.62);
    for (const [at, version] of tenth.entries()) if (version === '2') expect(half[at]).toBe('2');
    expect(new Set(await versionsAt(0))).toEqual(new Set(['3']));
    expect(new Set(await versionsAt(1))).toEqual(new Set(['2']));
  });

  test('is the same for a key in every route, and a batch has one version', async () => {
    const { change, url, predict } = await start();
    await change('canary', { version: '2', share: 0.5 });
    const seen = new Set<string>();
    for (const value of keys.slice(0, 20)) {
      const key = { 'x-canary-key': value };
      const version = await predict(key);
      const batch = await post(`${url}/predict/batch`, { texts: Array(5).fill(SPAM_TEXT), model: 'spam' }, key);
      const { predictions } = (await batch.json()) as { predictions: { model: { version: string } }[] };
      const inputs = [{ name: 'text', datatype: 'BYTES', shape: [1], data: [SPAM_TEXT] }];
      const inferred = await post(`${url}/v2/models/spam/infer`, { inputs }, key);
      expect(((await inferred.json()) as { model_version: string }).model_version).toBe(version);
      expect(predictions.map(({ model }) => model.version)).toEqual(Array(5).fill(version));
      seen.add(version);
    }
    expect(seen).toEqual(new Set(['2', '3']));
  });

  test('never answers a request that names a version', async () => {
    const { change, predict } = await start();
    await change('canary', { version: '2', share: 1 });
    expect(await predict({}, 'spam@3')).toBe('3');
    expect(await predict({}, 'spam@1')).toBe('1');
    expect(await predict()).toBe('2');
  });
});

describe('the models folder', () => {
  /** Waits until a condition holds, which takes the service about a second. */
  async function until(condition: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 150; tries++) {
      if (await condition()) return;
      await delay(100);
    }
    throw new Error('the condition does not hold after 15 seconds');
  }

  test('is polled: a new version answers, a damaged one is refused, and a change by another process is followed', async () => {
    const { MODELS_DIR, predict, url, lines } = await start({}, '1');
    await writeSmallVersion(MODELS_DIR, 'spam', '2');
    await until(async () => (await predict()) === '2');
    await writeSmallVersion(MODELS_DIR, 'spam', '3');
    await truncate(join(MODELS_DIR, 'spam/3/weights.bin'), 64);
    await until(() => Promise.resolve(lines.some((line) => line.includes('model refused'))));
    expect(await predict()).toBe('2');
    const other = await serve({ MODELS_DIR });
    await post(`${other.url}/models/spam/activate`, { version: '1' });
    await until(async () => (await predict()) === '1');
    expect(await (await fetch(`${url}/models/spam`)).json()).toMatchObject({ active: '1' });
  });

  test('is read at once on a load request of the inference protocol', async () => {
    const { MODELS_DIR, predict, url } = await start({}, '1');
    await writeFile(join(MODELS_DIR, 'spam/roles.json'), '{"format": 1, "active": "2"}');
    await writeSmallVersion(MODELS_DIR, 'spam', '2');
    expect((await post(`${url}/v2/repository/models/spam/load`, {})).status).toBe(200);
    expect(await predict()).toBe('2');
  });
});
