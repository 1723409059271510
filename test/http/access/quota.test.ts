import { describe, expect, test } from 'vitest';
import { createQuota } from '../../../src/http/access/quota.ts';
import { post, serve } from '../in-process.ts';
import { bearer, storedToken, writeTokens } from './token-files.ts';

function quota(perSecond: number) {
  const clock = { milliseconds: 0 };
  const { take, state } = createQuota('requests', perSecond, () => clock.milliseconds);
  const tryTake = (amount: number) => {
    try {
      take(amount);
      return true;
    } catch (error) {
      return Number((error as { headers: Record<string, string> }).headers['retry-after']);
    }
  };
  return { clock, take: tryTake, state };
}

describe('a quota', () => {
  test('admits one second at once, and then as fast as it fills', () => {
    const { clock, take, state } = quota(2);
    expect([take(1), take(1), take(1)]).toEqual([true, true, 1]);
    expect(state()).toEqual({ remaining: 0, reset: 1 });
    clock.milliseconds += 500;
    expect([take(1), take(1)]).toEqual([true, 1]);
    clock.milliseconds += 60_000;
    expect([take(1), take(1), take(1)]).toEqual([true, true, 1]);
  });

  test('below one per second admits one, and says when the next may come', () => {
    const { clock, take } = quota(0.1);
    expect([take(1), take(1)]).toEqual([true, 10]);
    clock.milliseconds += 10_000;
    expect(take(1)).toBe(true);
  });

  test('admits an amount above one second once it is full, and delays what follows', () => {
    const { clock, take, state } = quota(100);
    expect([take(350), take(1)]).toEqual([true, 3]);
    expect(state()).toEqual({ remaining: 0, reset: 4 });
    clock.milliseconds += 3_500;
    expect([take(100), take(1)]).toEqual([true, 1]);
  });
});

describe('a token with a quota', () => {
  test('of requests gets 429 above it, while others are served', async () => {
    const API_TOKENS_FILE = await writeTokens(
      storedToken('slow', ['read'], { requestsPerSecond: 0.01 }),
      storedToken('free', ['read']),
    );
    const { url } = await serve({ API_TOKENS_FILE });
    const get = (name: string) => fetch(`${url}/models`, { headers: bearer(name) });
    const first = await get('slow');
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=1;w=1');
    expect(first.headers.get('ratelimit')).toBe('"requests";r=0;t=100');
    const second = await get('slow');
    expect(second.status).toBe(429);
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(90);
    expect(second.headers.get('ratelimit-remaining')).toBe('0');
    expect(await second.json()).toMatchObject({
      type: 'urn:waymark:problem:too-many-requests',
      detail: 'This token may use 0.01 requests per second. Retry later.',
    });
    const free = await get('free');
    expect([free.status, free.headers.get('ratelimit')]).toEqual([200, null]);
  });

  test.each([
    ['/predict', (text: string) => ({ text })],
    ['/predict/batch', (text: string) => ({ texts: [text] })],
    [
      '/v2/models/spam/infer',
      (text: string) => ({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: [text] }] }),
    ],
  ])('of characters gets 429 above it from %s', async (path, bodyOf) => {
    const slow = storedToken('slow', ['predict'], { charactersPerSecond: 1 });
    const { url } = await serve({ API_TOKENS_FILE: await writeTokens(slow) });
    const send = (length: number) => post(url + path, bodyOf('a'.repeat(length)), bearer('slow'));
    expect((await send(1_000)).status).toBe(200);
    const refused = await send(1);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(900);
    expect(refused.headers.get('ratelimit')).toMatch(/^"characters";r=0;t=/);
  });
});
