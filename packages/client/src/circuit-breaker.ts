import { CircuitOpenError } from './errors.ts';

/** Thresholds of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** The number of consecutive failures that opens the circuit. */
  readonly failures: number;
  /**
   * The time in milliseconds that consecutive failures must span, so that a restart alone does not open the circuit.
   */
  readonly forMs: number;
  /** The time in milliseconds that the circuit stays open. After it, one call tries the service. */
  readonly openMs: number;
}

/** A circuit breaker. Each attempt calls `enter` first, and then exactly one of the other functions. */
export interface CircuitBreaker {
  /**
   * Permits an attempt.
   *
   * @throws {CircuitOpenError} if the circuit is open
   */
  enter(): void;
  /** Records an attempt that got an answer. */
  recordSuccess(): void;
  /** Records an attempt that failed: the service is unreachable, broken or too slow. */
  recordFailure(): void;
  /** Records an attempt that its caller cancelled. It proves nothing about the service. */
  recordCancellation(): void;
}

/**
 * Creates a circuit breaker. While the circuit is open, calls fail at once and the service gets time to recover.
 *
 * @param now returns the time of a monotonic clock in milliseconds
 */
export function createCircuitBreaker(
  { failures, forMs, openMs }: CircuitBreakerOptions,
  now: () => number,
): CircuitBreaker {
  let failuresInRow = 0;
  let failingSince = 0;
  let openUntil: number | undefined;
  let probing = false;

  return {
    enter() {
      if (openUntil === undefined) return;
      const left = openUntil - now();
      if (left > 0 || probing) throw new CircuitOpenError(Math.max(left, 0));
      probing = true;
    },
    recordSuccess() {
      failuresInRow = 0;
      openUntil = undefined;
      probing = false;
    },
    recordFailure() {
      if (failuresInRow === 0) failingSince = now();
      failuresInRow += 1;
      if (probing || (failuresInRow >= failures && now() - failingSince >= forMs)) openUntil = now() + openMs;
      probing = false;
    },
    recordCancellation() {
      probing = false;
    },
  };
}
