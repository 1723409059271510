import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { post, serve } from '../in-process.ts';

describe('a body over MAX_BODY_BYTES', () => {
  test.each([
    ['announced', (size: number) => ({ body: 'x'.repeat(size) })],
    [
      'in chunks',
      (size: number) => ({
        body: new ReadableStream({
          start(controller) {
            for (let sent = 0; sent < size; sent += 1000)
              controller.enqueue(new TextEncoder().encode('x'.repeat(1000)));
            controller.close();
          },
        }),
        duplex: 'half' as const,
      }),
    ],
  ])('%s is answered with 413, also if the client sends the whole body first', async (_, init) => {
    const { url } = await serve({ MAX_BODY_BYTES: '100000' });
    for (const size of [101_000, 900_000]) {
      const response = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        ...init(size),
      });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({
        type: 'urn:waymark:problem:body-too-large',
        detail: expect.stringContaining('100000'),
      });
    }
  });

  test('far over it is rejected by its content-length', async () => {
    const { url } = await serve({ MAX_BODY_BYTES: '1000' });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': 10 ** 9 },
      });
      sent.on('response', (response) => {
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.on('error', reject);
      sent.flushHeaders();
    });
    expect(status).toBe(413);
  });
});

describe('API_TOKENS', () => {
  test('are required by every route except health', async () => {
    const { url } = await serve({ API_TOKENS: 'first,second' });
    for (const [method, path] of [
      ['POST', '/predict'],
      ['GET', '/models'],
      ['GET', '/nope'],
    ]) {
      const response = await fetch(url + path, { method: method! });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
    for (const path of ['/livez', '/readyz']) expect((await fetch(url + path)).status).toBe(200);
  });

  test('admit requests with one of them', async () => {
    const { url } = await serve({ API_TOKENS: 'first,second' });
    for (const [header, status] of [
      ['Bearer first', 200],
      ['bearer second', 200],
      ['Bearer third', 401],
      ['Bearer firs', 401],
      ['Basic first', 401],
      ['first', 401],
    ] as const) {
      const response = await post(`${url}/predict`, { text: 'a' }, { authorization: header });
      expect([header, response.status]).toEqual([header, status]);
    }
  });
});

describe('MAX_IN_FLIGHT', () => {
  test('requests at once are served, and one more is rejected with retry-after', async () => {
    const { url } = await serve({ MAX_IN_FLIGHT: '2', MAX_BATCH_SIZE: '20000' });
    const texts = Array.from({ length: 20_000 }, () => 'a text that takes a moment');
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(`${url}/predict/batch`, { texts })));
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    const refused = answers.find(({ status }) => status === 503)!;
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ type: 'urn:waymark:problem:overloaded' });
    await Promise.all(answers.map((answer) => answer.bodyUsed || answer.arrayBuffer()));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await post(`${url}/predict`, { text: 'a' })).status).toBe(200);
  });
});
