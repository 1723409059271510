import { setTimeout as delay } from 'node:timers/promises';
import { Problem } from '../../platform/problems.ts';
import { TextQueue, type WaitingText } from '../onnx/text-queue.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import {
  AttemptError,
  endpointTimeout,
  endpointUnavailable,
  isFaultOfEndpoint,
  isWorthRepeating,
  problemOf,
} from './failures.ts';

/** The limits on the requests to one endpoint. */
export interface EndpointLimits {
  /** The number of requests in progress. */
  readonly maxInFlight: number;
  /** The number of texts that wait for a request. */
  readonly maxWaiting: number;
  /** The longest time for a text with all attempts, in milliseconds. */
  readonly timeoutMs: number;
}

/** A text for an endpoint. */
export interface EndpointCall<T> {
  readonly text: string;
  /** The name by which texts take turns: that of their model. */
  readonly queue: string;
  /** Stops the wait. The promise is then rejected with the reason of the signal. */
  readonly signal: AbortSignal | undefined;
  /**
   * Sends one request.
   *
   * @param attempt the number of earlier requests for this text
   * @throws {AttemptError} without an answer that can be used
   */
  readonly send: (signal: AbortSignal, attempt: number) => Promise<T>;
}

/** The server of one or several models. */
export interface Endpoint {
  /**
   * Asks the endpoint. A classification changes nothing there, so a request that failed is repeated.
   *
   * @throws {Problem} 502, 503 or 504, without an answer in time
   */
  call<T>(call: EndpointCall<T>): Promise<T>;
}

/** Options of `createEndpoint`. */
export interface EndpointOptions {
  readonly breaker?: CircuitBreaker;
  /** Returns a number from 0 to 1, as `Math.random` does. */
  readonly random?: () => number;
}

/** The number of requests for one text. */
const MAX_ATTEMPTS = 3;
/** The longest pauses before the second request and the third. They are chosen at random, so that clients do not return together. */
const FIRST_PAUSE_MS = 100;
const PAUSE_GROWTH = 4;

interface Entry extends WaitingText {
  readonly start: () => void;
  readonly refuse: () => void;
}

/** Creates an endpoint without open connections. */
export function createEndpoint(
  { maxInFlight, maxWaiting, timeoutMs }: EndpointLimits,
  { breaker = createCircuitBreaker(), random = Math.random }: EndpointOptions = {},
): Endpoint {
  const queue = new TextQueue<Entry>(maxWaiting);
  let inFlight = 0;

  /** Waits for a place among the requests in progress. The caller gives it back with `leave`. */
  function enter(text: string, name: string, signal: AbortSignal): Promise<void> {
    if (inFlight < maxInFlight) {
      inFlight += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const abort = () => {
        queue.remove(entry);
        reject(signal.reason);
      };
      const entry: Entry = {
        text,
        queue: name,
        start() {
          signal.removeEventListener('abort', abort);
          inFlight += 1;
          resolve();
        },
        refuse() {
          signal.removeEventListener('abort', abort);
          const detail = `${maxWaiting} texts wait for the endpoint of the model, the maximum. Retry later.`;
          reject(new Problem('overloaded', detail, { 'retry-after': '1' }));
        },
      };
      signal.addEventListener('abort', abort, { once: true });
      queue.add(entry)?.refuse();
    });
  }

  function leave(): void {
    inFlight -= 1;
    if (inFlight < maxInFlight) queue.takeBatch(1)[0]?.start();
  }

  /** Sends one request if the circuit breaker permits it. */
  async function attempt<T>(send: EndpointCall<T>['send'], signal: AbortSignal, number: number): Promise<T> {
    signal.throwIfAborted();
    const pass = breaker.enter();
    if (typeof pass === 'number') throw endpointUnavailable('It has failed several times.', pass / 1_000);
    try {
      const answer = await send(signal, number);
      pass.succeed();
      return answer;
    } catch (error) {
      if (error instanceof AttemptError) {
        if (isFaultOfEndpoint(error)) pass.fail();
        else pass.succeed();
      } else if (error instanceof Problem && error.type === 'endpoint-timeout') pass.fail();
      else pass.release();
      throw error;
    }
  }

  async function attemptAll<T>(send: EndpointCall<T>['send'], signal: AbortSignal, endsAt: number): Promise<T> {
    for (let number = 0; ; number += 1) {
      try {
        return await attempt(send, signal, number);
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        const longest = FIRST_PAUSE_MS * PAUSE_GROWTH ** number;
        const pause = Math.max(random() * longest, (error.retryAfter ?? 0) * 1_000);
        const isLast = number + 1 === MAX_ATTEMPTS || performance.now() + pause >= endsAt;
        if (isLast || !isWorthRepeating(error)) throw problemOf(error);
        await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    }
  }

  return {
    async call({ text, queue: name, signal: client, send }) {
      client?.throwIfAborted();
      const controller = new AbortController();
      const { signal } = controller;
      const endsAt = performance.now() + timeoutMs;
      const timer = setTimeout(() => controller.abort(endpointTimeout(timeoutMs)), timeoutMs);
      const abort = () => controller.abort(client?.reason);
      client?.addEventListener('abort', abort, { once: true });
      try {
        await enter(text, name, signal);
        try {
          return await attemptAll(send, signal, endsAt);
        } finally {
          leave();
        }
      } finally {
        clearTimeout(timer);
        client?.removeEventListener('abort', abort);
      }
    },
  };
}
