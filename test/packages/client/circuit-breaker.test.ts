import { describe, expect, test } from 'vitest';
import { createCircuitBreaker } from '../../../packages/client/src/circuit-breaker.ts';
import { createClient } from '../../../packages/client/src/client.ts';
import { CircuitOpenError, DeadlineError } from '../../../packages/client/src/errors.ts';
import { neverRespond, respondWith, respondWithProblem, scriptedServer } from './scripted-server.ts';

function createTestBreaker(forMs = 0) {
  let time = 0;
  const circuit = createCircuitBreaker({ failures: 3, forMs, openMs: 100 }, () => time);
  const fail = (times: number) => {
    for (let i = 0; i < times; i++) {
      circuit.enter().recordFailure();
    }
  };
  return { circuit, fail, pass: (ms: number) => (time += ms) };
}

describe('a circuit breaker', () => {
  test('opens after the set number of failures in a row, and reports the remaining time', () => {
    const { circuit, fail, pass } = createTestBreaker();
    fail(2);
    circuit.enter().recordSuccess();
    fail(3);
    pass(40);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    expect(() => circuit.enter()).toThrow(expect.objectContaining({ retryAfterMs: 60 }));
  });

  test('permits one call after its open time, and closes when that call succeeds', () => {
    const { circuit, fail, pass } = createTestBreaker();
    fail(3);
    pass(100);
    const probe = circuit.enter();
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    probe.recordSuccess();
    fail(2);
    circuit.enter();
  });

  test('opens again when that call fails', () => {
    const { circuit, fail, pass } = createTestBreaker();
    fail(3);
    pass(100);
    fail(1);
    pass(99);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
    pass(1);
    circuit.enter();
  });

  test.each(['recordSuccess', 'recordFailure', 'recordCancellation'] as const)(
    'permits no second call when an older call ends with %s',
    (end) => {
      const { circuit, fail, pass } = createTestBreaker();
      const older = circuit.enter();
      fail(3);
      pass(100);
      const probe = circuit.enter();
      older[end]();
      expect(() => circuit.enter()).toThrow(CircuitOpenError);
      probe.recordSuccess();
      circuit.enter();
    },
  );

  test('stays closed until the failures span the set time', () => {
    const { circuit, fail, pass } = createTestBreaker(50);
    fail(10);
    pass(49);
    fail(1);
    circuit.enter();
    pass(1);
    fail(1);
    expect(() => circuit.enter()).toThrow(CircuitOpenError);
  });

  test('permits another call when the caller cancelled the first one', () => {
    const { circuit, fail, pass } = createTestBreaker();
    fail(3);
    pass(100);
    circuit.enter().recordCancellation();
    circuit.enter();
  });
});

describe('a client with a circuit breaker', () => {
  const options = { retries: 0, circuitBreaker: { failures: 2, openMs: 100 } };

  test('stops calling a failing service, and calls again after the open time', async () => {
    const { url, received } = await scriptedServer(
      respondWithProblem('not-ready', 503),
      respondWithProblem('not-ready', 503),
      respondWith({ id: 'x' }),
    );
    const client = createClient({ url, ...options });
    for (let i = 0; i < 2; i++) await expect(client.predict('a')).rejects.toMatchObject({ problem: 'not-ready' });
    await expect(client.predict('a')).rejects.toBeInstanceOf(CircuitOpenError);
    expect(received).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 110));
    expect(await client.predict('a')).toEqual({ id: 'x' });
  });

  test('counts a timeout as a failure', async () => {
    const { url } = await scriptedServer(neverRespond);
    const client = createClient({ url, ...options, timeoutMs: 30 });
    for (let i = 0; i < 2; i++) await expect(client.predict('a')).rejects.toBeInstanceOf(DeadlineError);
    await expect(client.predict('a')).rejects.toBeInstanceOf(CircuitOpenError);
  });

  test('continues to call after rejected requests, or if it is turned off', async () => {
    const wrong = await scriptedServer(respondWithProblem('invalid-request', 422));
    const away = await scriptedServer(respondWithProblem('not-ready', 503));
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
