import { describe, expect, test } from 'vitest';
import { createClient } from '../../../packages/client/src/client.ts';
import { createDocument } from '../../../src/http/openapi/document.ts';
import { readConfig } from '../../../src/platform/config.ts';
import { serve } from '../../http/in-process.ts';
import { SPAM_TEXT, smallModels } from '../../models/small-models.ts';
import { respondWith, respondWithProblem, scriptedServer } from './scripted-server.ts';

/** Routes that this client leaves out: pages, probes, the console's own, and a protocol that has clients. */
const LEFT_OUT = /^GET \/$|\/(?:docs|livez|readyz|openapi\.json|v2|console|process|traces|predictions\/stream)(?:\/|$)/;

describe('the client', () => {
  test('has a function for every other route', async () => {
    const { url, received } = await scriptedServer(respondWith({ job: {} }));
    const client = createClient({ url });
    await client.predict('a');
    await client.predictBatch(['a']);
    await client.feedback({ id: 'i', label: 'a' });
    await client.correctFeedback('i', 'a');
    await client.eraseFeedback('i');
    await client.models();
    await client.quality();
    await client.predictions();
    await client.compare({ selection: {} });
    await client.reviews({ model: 'm', limit: 3 });
    await client.drift({ model: 'm' });
    await client.model('m');
    await client.changes('m');
    await client.activate('m', '1', { reason: 'r' });
    await client.shadow('m', null);
    await client.canary('m', '1', { share: 0.2 });
    await client.rollback('m');
    await client.retrain('m');
    await client.retrainings('m');
    await client.retraining('m', 'j');
    await client.cancelRetraining('m', 'j');
    await client.evaluate();
    const called = received.map(({ method, url: path }) => {
      const route = path.replace(/\?.*/, '').replace(/^\/models\/m/, '/models/{name}');
      return `${method} ${route.replace(/\/j$/, '/{job}').replace(/\/i$/, '/{id}')}`;
    });
    const { paths } = createDocument(readConfig({})) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(called.toSorted()).toEqual(routes.filter((route) => !LEFT_OUT.test(route)).toSorted());
    expect(received.map((request) => request.url)).toEqual(
      expect.arrayContaining(['/reviews?model=m&limit=3', '/drift?model=m']),
    );
    const canary = received.find((request) => request.url.endsWith('/canary'));
    expect(JSON.parse(canary!.body)).toEqual({ version: '1', share: 0.2 });
  });

  test('changes roles and labels of the service', async () => {
    const { url } = await serve({ MODELS_DIR: await smallModels('1', '2') });
    const client = createClient({ url });
    expect(await client.shadow('spam', '1')).toMatchObject({ active: '2', shadow: '1' });
    expect(await client.canary('spam', '1', { share: 0.2 })).toMatchObject({ canary: '1', canaryShare: 0.2 });
    expect(await client.activate('spam', '1', { reason: 'a test' })).toMatchObject({ active: '1', canary: null });
    expect(await client.rollback('spam')).toMatchObject({ active: '2' });
    const changes = await client.changes('spam');
    expect(changes.slice(0, 2)).toMatchObject([{ action: 'rollback' }, { action: 'activate', reason: 'a test' }]);
    expect(await client.retrainings('spam')).toEqual([]);
    expect((await client.drift({ model: 'spam' })).verdict).toBe('unsure');
    expect(await client.reviews()).toEqual([]);

    const { id } = await client.predict(SPAM_TEXT);
    await client.feedback({ id, label: 'ham' });
    expect(await client.correctFeedback(id, 'spam')).toMatchObject({ label: 'spam' });
    expect(await client.eraseFeedback(id)).toMatchObject({ id, erased: true });
  });

  test('never repeats a rollback or the start of a retraining, but a role', async () => {
    const { url, received } = await scriptedServer(respondWithProblem('overloaded', 503));
    const client = createClient({ url, retries: 1, backoff: { baseMs: 1 }, circuitBreaker: false });
    await expect(client.rollback('m')).rejects.toMatchObject({ status: 503 });
    await expect(client.retrain('m')).rejects.toMatchObject({ status: 503 });
    expect(received).toHaveLength(2);
    await expect(client.activate('m', '1')).rejects.toMatchObject({ status: 503 });
    expect(received).toHaveLength(4);
  });
});

describe('an error names the URL, without the query', () => {
  test('of a service that cannot be reached, or failed too often', async () => {
    const url = 'http://127.0.0.1:9';
    const client = createClient({ url, retries: 0, circuitBreaker: { failures: 1 } });
    const message = `${url}/quality could not be reached.`;
    await expect(client.quality({ window: '1h' })).rejects.toMatchObject({ url: `${url}/quality`, message });
    await expect(client.models()).rejects.toMatchObject({
      name: 'CircuitOpenError',
      url: `${url}/models`,
      message: expect.stringContaining(`${url}/models`),
    });
  });

  test('of an answer that is not one of the service, a problem, and a deadline', async () => {
    const { url } = await scriptedServer(respondWith([], 404), respondWithProblem('model-not-found', 404), () => {});
    const client = createClient({ url });
    const shown = `${url}/drift`;
    await expect(client.drift({ model: 'a' })).rejects.toMatchObject({
      url: shown,
      message: expect.stringContaining(shown),
    });
    await expect(client.drift({ model: 'a' })).rejects.toMatchObject({ url: shown, problem: 'model-not-found' });
    await expect(client.drift({ model: 'a', timeoutMs: 50 })).rejects.toMatchObject({
      name: 'DeadlineError',
      url: shown,
      message: expect.stringContaining(shown),
    });
  });
});
