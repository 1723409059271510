import { describe, expect, test } from 'vitest';
import { createCircuitBreaker } from '../../../packages/client/src/circuit-breaker.ts';
import { createClient } from '../../../packages/client/src/client.ts';
import { CircuitOpenError, DeadlineError } from '../../../packages/client/src/errors.ts';
import { answer, problem, scriptedServer, stall } from './scripted-server.ts';

function breaker(forMs = 0) {
  let time = 0;
  const circuit = createCircuitBreaker({ failures: 3, forMs, openMs: 100 }, () => time);
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) {
      circuit.enter();
      circuit.failed();
    }
  };
  return { circuit, fail, pass: (ms: number) => (time += ms) };
}

describe('a circuit breaker', () => {
  test('opens after so many failures in a row, and says for how long', () => {
    const { circuit, fail, pass } = breaker();
    fail(2);
    circuit.enter();
    circuit.succeeded();
    fail(3);
    pass(40);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    expect(() => circuit.enter()).toThrow(expect.objectContaining({ retryAfterMs: 60 }));
  });

  test('lets one call try when its time is over, and closes when that succeeds', () => {
    const { circuit, fail, pass } = breaker();
    fail(3);
    pass(100);
    circuit.enter();
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    circuit.succeeded();
    fail(2);
    circuit.enter();
  });

  test('opens again when that call fails', () => {
    const { circuit, fail, pass } = breaker();
    fail(3);
    pass(100);
    fail(1);
    pass(99);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    pass(1);
    circuit.enter();
  });

  test('stays closed until there were failures alone for long enough', () => {
    const { circuit, fail, pass } = breaker(50);
    fail(10);
    pass(49);
    fail(1);
    circuit.enter();
    pass(1);
    fail(1);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
  });

  test('lets another call try when the caller of that one gave it up', () => {
    const { circuit, fail, pass } = breaker();
    fail(3);
    pass(100);
    circuit.enter();
    circuit.abandoned();
    circuit.enter();
  });
});

describe('a client with a circuit breaker', () => {
  const options = { retries: 0, circuitBreaker: { failures: 2, openMs: 100 } };

  test('asks a failing service no more, and asks again after a while', async () => {
    const { url, received } = await scriptedServer(
      problem('not-ready', 503),
      problem('not-ready', 503),
      answer({ id: 'x' }),
    );
    const client = createClient({ url, ...options });
    for (let i = 0; i < 2; i++) await expect(client.predict('a')).rejects.toMatchObject({ problem: 'not-ready' });
    await expect(client.predict('a')).rejects.toBeInstanceOf(CircuitOpenError);
    expect(received).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect(await client.predict('a')).toEqual({ id: 'x' });
  });

  test('counts a service that is too slow as one that fails', async () => {
    const { url } = await scriptedServer(stall);
    const client = createClient({ url, ...options, timeoutMs: 30 });
    for (let i = 0; i < 2; i++) await expect(client.predict('a')).rejects.toBeInstanceOf(DeadlineError);
    await expect(client.predict('a')).rejects.toBeInstanceOf(CircuitOpenError);
  });

  test('goes on asking where requests are wrong, or where it was told to', async () => {
    const wrong = await scriptedServer(problem('invalid-request', 422));
    const away = await scriptedServer(problem('not-ready', 503));
    const clients = [
      createClient({ url: wrong.url, ...options }),
      createClient({ url: away.url, ...options, circuitBreaker: false }),
    ];
    for (const client of clients) {
      for (let i = 0; i < 4; i++) await expect(client.predict('a')).rejects.toMatchObject({ name: 'ProblemError' });
    }
    expect([wrong.received.length, away.received.length]).toEqual([4, 4]);
  });
});
