import { describe, expect, test } from 'vitest';
import { ROUTE_SCOPES } from '../../../src/http/access/route-scopes.ts';
import { createRouter } from '../../../src/http/app.ts';
import { SCOPES } from '../../../src/http/server/caller.ts';
import type { Service } from '../../../src/http/server/service.ts';
import { readConfig } from '../../../src/platform/config.ts';
import { post, serve } from '../in-process.ts';
import { bearer, storedToken, writeTokens } from './token-files.ts';

const routes = createRouter({ config: readConfig({}) } as Service).stack.flatMap(({ methods, path }) =>
  methods.filter((method) => method !== 'HEAD').map((method) => ({ method, path: String(path) })),
);

test('the table of scopes has exactly the routes of the service', () => {
  expect(Object.keys(ROUTE_SCOPES).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
});

/** The callers: one with each scope, one with none, one with an unknown token, and one without a token. */
const CALLERS = [...SCOPES, 'none', 'unknown', undefined];

const attempts = routes.flatMap((route) =>
  CALLERS.flatMap((caller) => {
    const scope = ROUTE_SCOPES[`${route.method} ${route.path}`];
    const isKnown = caller !== undefined && caller !== 'unknown';
    const refused = scope === 'public' || scope === caller ? undefined : isKnown ? 403 : 401;
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    return methods.map((method) => ({ method, path: route.path, scope, caller, refused }));
  }),
);

test('every route times every scope', async () => {
  const API_TOKENS_FILE = await writeTokens(
    ...SCOPES.map((scope) => storedToken(scope, [scope])),
    storedToken('none', []),
  );
  const { url } = await serve({ API_TOKENS_FILE });
  const wrong: unknown[] = [];
  for (const { method, path, scope, caller, refused } of attempts) {
    const response = await fetch(url + path.replace(/:\w+/g, 'x'), {
      method,
      headers: { 'content-type': 'application/json', ...(caller && bearer(caller)) },
      ...(method === 'POST' && { body: '{"none":1' }),
    });
    // A stream never ends.
    const isStream = response.ok && path.endsWith('/stream');
    const body = isStream ? '' : await response.text();
    if (isStream) await response.body?.cancel();
    const isRefused = response.status === 401 || response.status === 403;
    const isRight = refused === undefined ? !isRefused : response.status === refused;
    const namesScope = refused !== 403 || method === 'HEAD' || body.includes(`needs the scope \\"${scope}\\"`);
    if (!isRight || !namesScope) wrong.push({ method, path, caller, refused, status: response.status, body });
  }
  expect(attempts.length).toBeGreaterThan(250);
  expect(wrong).toEqual([]);
});

test('a path has the same scope however it is written', async () => {
  const { url } = await serve({ API_TOKENS_FILE: await writeTokens(storedToken('reader', ['read'])) });
  for (const path of [
    '/predict',
    '/Predict',
    '/predict/',
    '/PREDICT/BATCH/',
    '/v2/Models/x/infer/',
    '/models/x/activate/',
  ]) {
    expect([path, (await post(url + path, {})).status]).toEqual([path, 401]);
    expect([path, (await post(url + path, {}, bearer('reader'))).status]).toEqual([path, 403]);
  }
});

test('a probe never needs a token, also with a slash, in other case, or at a wrong path', async () => {
  const { url } = await serve({ API_TOKENS: 'secret' });
  const status = async (path: string) => (await fetch(url + path)).status;
  for (const path of [
    '/livez',
    '/livez/',
    '/LIVEZ',
    '/readyz/',
    '/V2/health/ready',
    '/v2/health/live/',
    '/livez?a=b',
  ]) {
    expect([path, await status(path)]).toEqual([path, 200]);
  }
  for (const path of [
    '/health',
    '/healthz',
    '/health/ready',
    '/livez/x',
    '//readyz',
    '/metrics',
    '/v2/health',
    '/api/healthz',
  ]) {
    expect([path, await status(path)]).toEqual([path, 404]);
  }
  expect(await status('/nope')).toBe(401);
  expect((await fetch(`${url}/nope`, { headers: { authorization: 'Bearer secret' } })).status).toBe(404);
});

describe('a refusal', () => {
  test('names the missing scope in its detail, its challenge and the log', async () => {
    const { url, lines } = await serve({ API_TOKENS_FILE: await writeTokens(storedToken('app', ['predict', 'read'])) });
    const response = await post(`${url}/models/spam/rollback`, {}, bearer('app'));
    expect(response.headers.get('www-authenticate')).toBe('Bearer error="insufficient_scope", scope="manage"');
    expect(await response.json()).toMatchObject({
      type: 'urn:waymark:problem:forbidden',
      status: 403,
      detail: 'This route needs the scope "manage". The scopes of this token: predict, read.',
    });
    const refused = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'request refused');
    expect(refused).toMatchObject({ 'enduser.id': 'app', 'classifier.access.missing_scope': 'manage' });
  });

  test('of a token that has expired is that of an unknown one', async () => {
    const past = storedToken('past', ['read'], { expires: '2020-01-01T00:00:00Z' });
    const future = storedToken('future', ['read'], { expires: '2999-01-01T01:00:00+01:00' });
    const { url } = await serve({ API_TOKENS_FILE: await writeTokens(past, future) });
    const expired = await fetch(`${url}/models`, { headers: bearer('past') });
    expect([expired.status, expired.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    expect((await fetch(`${url}/models`, { headers: bearer('future') })).status).toBe(200);
  });
});

test('a digest is no token', async () => {
  const stored = storedToken('app', ['read']);
  const { url } = await serve({ API_TOKENS_FILE: await writeTokens(stored) });
  const authorization = `Bearer ${stored.sha256}`;
  expect((await fetch(`${url}/models`, { headers: { authorization } })).status).toBe(401);
});
