import { describe, expect, test, vi } from 'vitest';
import { Problem } from '../../../src/platform/problems.ts';
import { createCircuitBreaker } from '../../../src/runtimes/remote/circuit-breaker.ts';
import { createEndpoint, type EndpointCall, type EndpointLimits } from '../../../src/runtimes/remote/endpoint.ts';
import { AttemptError, type FailureKind } from '../../../src/runtimes/remote/failures.ts';

const limits: EndpointLimits = { maxInFlight: 2, maxWaiting: 3, timeoutMs: 20_000 };

/** An endpoint without pauses between attempts. */
const endpointWith = (changes: Partial<EndpointLimits> = {}, breaker = createCircuitBreaker()) =>
  createEndpoint({ ...limits, ...changes }, { breaker, random: () => 0 });

type Send = EndpointCall<string>['send'];
const callOf = (send: Send, { queue = 'mail', signal }: { queue?: string; signal?: AbortSignal } = {}) => ({
  text: 'a text',
  queue,
  signal,
  send,
});

/** A request that ends with its signal only. */
const hang: Send = (signal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

const failing = (kind: FailureKind, retryAfter?: number): Send =>
  vi.fn(() => Promise.reject(new AttemptError(kind, { retryAfter })));

async function problemOf(answer: Promise<unknown>): Promise<Problem> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw new Error(`no problem: ${String(error)}`);
  return error;
}

describe('a request that fails', () => {
  test.each(['unreachable', 'failed', 'busy'] as const)('is repeated if the endpoint is %s', async (kind) => {
    const attempts: number[] = [];
    const send: Send = async (_, attempt) => {
      attempts.push(attempt);
      if (attempt < 2) throw new AttemptError(kind);
      return 'answer';
    };
    expect(await endpointWith().call(callOf(send))).toBe('answer');
    expect(attempts).toEqual([0, 1, 2]);
  });

  test.each([
    ['unreachable', 3, 'endpoint-unavailable', 503],
    ['busy', 3, 'endpoint-unavailable', 503],
    ['failed', 3, 'endpoint-failed', 502],
    ['refused', 1, 'endpoint-failed', 502],
    ['malformed', 1, 'endpoint-failed', 502],
  ] as const)('with %s in the end has had %i attempts, and is %s', async (kind, attempts, type, status) => {
    const send = failing(kind);
    const problem = await problemOf(endpointWith().call(callOf(send)));
    expect(send).toHaveBeenCalledTimes(attempts);
    expect(problem).toMatchObject({ type, status, headers: { 'retry-after': '1' } });
  });

  test('is not repeated if the endpoint wants a longer pause than there is time', async () => {
    const send = failing('busy', 25);
    const problem = await problemOf(endpointWith().call(callOf(send)));
    expect(send).toHaveBeenCalledTimes(1);
    expect(problem.headers).toEqual({ 'retry-after': '25' });
  });
});

describe('a request without an end', () => {
  test('is ended at the deadline, with its place among the requests in progress', async () => {
    const endpoint = endpointWith({ maxInFlight: 1, timeoutMs: 50 });
    const problems = await Promise.all([1, 2].map(() => problemOf(endpoint.call(callOf(hang)))));
    for (const problem of problems) {
      expect(problem).toMatchObject({ type: 'endpoint-timeout', status: 504, headers: { 'retry-after': '1' } });
    }
    expect(await endpoint.call(callOf(async () => 'answer'))).toBe('answer');
  });

  test('is ended when its client leaves, in progress or waiting', async () => {
    const endpoint = endpointWith({ maxInFlight: 1 });
    const controllers = [new AbortController(), new AbortController()];
    const answers = controllers.map(({ signal }) => endpoint.call(callOf(hang, { signal })));
    const gone = new Error('gone');
    for (const controller of controllers) controller.abort(gone);
    expect(await Promise.allSettled(answers)).toEqual(answers.map(() => ({ status: 'rejected', reason: gone })));
    expect(await endpoint.call(callOf(async () => 'answer'))).toBe('answer');
  });
});

describe('the limit on requests in progress', () => {
  test('lets the others wait, by turns of the models', async () => {
    const endpoint = endpointWith({ maxInFlight: 1 });
    const order: string[] = [];
    const sending =
      (name: string): Send =>
      async () => {
        order.push(name);
        return name;
      };
    const calls = ['first', 'first', 'first', 'second'].map((queue) =>
      endpoint.call(callOf(sending(queue), { queue })),
    );
    await Promise.all(calls);
    expect(order).toEqual(['first', 'first', 'second', 'first']);
  });

  test('refuses a text above the limit of those that wait', async () => {
    const endpoint = endpointWith({ maxInFlight: 1, maxWaiting: 1 });
    const controller = new AbortController();
    const hanging = [1, 2].map(() => endpoint.call(callOf(hang, { signal: controller.signal })));
    expect(await problemOf(endpoint.call(callOf(hang)))).toMatchObject({ type: 'overloaded', status: 503 });
    controller.abort(new Error('end'));
    await Promise.allSettled(hanging);
  });
});

describe('the circuit breaker', () => {
  const createBreaker = () => {
    let now = 0;
    const breaker = createCircuitBreaker({ maxFailures: 3, firstPauseMs: 2_500, clock: () => now });
    return { breaker, setTime: (time: number) => (now = time) };
  };

  test('stops requests after failures, and says when to come back', async () => {
    const { breaker, setTime } = createBreaker();
    setTime(performance.now());
    const endpoint = endpointWith({}, breaker);
    await problemOf(endpoint.call(callOf(failing('unreachable'))));
    const send = vi.fn<Send>();
    const problem = await problemOf(endpoint.call(callOf(send)));
    expect(send).not.toHaveBeenCalled();
    expect(problem).toMatchObject({ type: 'endpoint-unavailable', status: 503, headers: { 'retry-after': '3' } });
  });

  test('does not count refusals, load, and clients that leave', async () => {
    const { breaker } = createBreaker();
    const endpoint = endpointWith({}, breaker);
    for (const kind of ['refused', 'busy', 'refused', 'refused'] as const) {
      await problemOf(endpoint.call(callOf(failing(kind))));
    }
    for (let client = 0; client < 4; client += 1) {
      const controller = new AbortController();
      const answer = endpoint.call(callOf(hang, { signal: controller.signal }));
      controller.abort(new Problem('request-aborted', 'gone'));
      await problemOf(answer);
    }
    expect(await endpoint.call(callOf(async () => 'answer'))).toBe('answer');
  });

  test('counts requests that reach the deadline', async () => {
    const { breaker } = createBreaker();
    const endpoint = endpointWith({ maxInFlight: 3, timeoutMs: 20 }, breaker);
    await Promise.all([1, 2, 3].map(() => problemOf(endpoint.call(callOf(hang)))));
    expect(typeof breaker.enter()).toBe('number');
  });
});
