import { createCircuitBreaker as createClientBreaker } from '../../../packages/client/src/circuit-breaker.ts';
import { CircuitOpenError } from '../../../packages/client/src/errors.ts';

/** The permission for one request. Exactly one of its functions is called, after the request. */
export interface Pass {
  succeed(): void;
  fail(): void;
  /** The request has shown nothing about the endpoint: its client has left. */
  release(): void;
}

/** Stops requests to an endpoint that fails. After a pause one request finds out whether it works again. */
export interface CircuitBreaker {
  /** Returns the permission for a request, or the milliseconds until the next one. */
  enter(): Pass | number;
}

/** Options of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** The number of failures in a row after which the pause begins. */
  readonly maxFailures?: number;
  readonly firstPauseMs?: number;
  readonly maxPauseMs?: number;
  /** A monotonic clock, in milliseconds. */
  readonly clock?: () => number;
}

/** Creates a circuit breaker, that of the client. Each request after a pause that fails doubles the next pause. */
export function createCircuitBreaker({
  maxFailures = 5,
  firstPauseMs = 1_000,
  maxPauseMs = 30_000,
  clock = () => performance.now(),
}: CircuitBreakerOptions = {}): CircuitBreaker {
  const limits = { failures: maxFailures, forMs: 0, openMs: firstPauseMs, maxOpenMs: maxPauseMs };
  const breaker = createClientBreaker(limits, clock);
  return {
    enter() {
      try {
        const { recordSuccess, recordFailure, recordCancellation } = breaker.enter();
        return { succeed: recordSuccess, fail: recordFailure, release: recordCancellation };
      } catch (error) {
        if (!(error instanceof CircuitOpenError)) throw error;
        // While one request finds out whether the endpoint works, the time is not known.
        return error.retryAfterMs || firstPauseMs;
      }
    },
  };
}
