import { beforeEach, describe, expect, test } from 'vitest';
import { type CircuitBreaker, createCircuitBreaker, type Pass } from '../../../src/runtimes/remote/circuit-breaker.ts';

let now: number;
let breaker: CircuitBreaker;

beforeEach(() => {
  now = 1_000;
  breaker = createCircuitBreaker({ maxFailures: 3, firstPauseMs: 100, maxPauseMs: 350, clock: () => now });
});

function pass(): Pass {
  const entered = breaker.enter();
  if (typeof entered === 'number') throw new Error(`closed for ${entered} ms`);
  return entered;
}

function failTimes(times: number): void {
  for (let at = 0; at < times; at += 1) pass().fail();
}

test('permits requests while failures are few, and after a success counts anew', () => {
  failTimes(2);
  pass().succeed();
  failTimes(2);
  expect(typeof breaker.enter()).toBe('object');
});

describe('after too many failures in a row', () => {
  beforeEach(() => failTimes(3));

  test('says how long the pause is', () => {
    expect(breaker.enter()).toBe(100);
    now += 60;
    expect(breaker.enter()).toBe(40);
  });

  test('permits one request after the pause, and all after its success', () => {
    now += 100;
    const probe = pass();
    expect(breaker.enter()).toBe(100);
    probe.succeed();
    pass();
    pass();
  });

  test('doubles the pause with each request that fails, up to the maximum', () => {
    const pauses = [200, 350, 350];
    now += 100;
    for (const expected of pauses) {
      pass().fail();
      expect(breaker.enter()).toBe(expected);
      now += expected;
    }
  });

  test('permits another request if the client of the first has left', () => {
    now += 100;
    pass().release();
    pass();
  });
});

test('requests that began before the pause do not make it longer', () => {
  const early = [pass(), pass(), pass(), pass(), pass()];
  for (const one of early) one.fail();
  expect(breaker.enter()).toBe(100);
});
