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
  /** The longest time in milliseconds that the circuit stays open: each attempt after it that fails doubles the time. */
  readonly maxOpenMs?: number;
}

/** One attempt. It calls exactly one of the functions when it ends. */
export interface CircuitAttempt {
  /** Records an attempt that got an answer. */
  recordSuccess(): void;
  /** Records an attempt that failed: the service is unreachable, broken or too slow. */
  recordFailure(): void;
  /** Records an attempt that its caller cancelled. It proves nothing about the service. */
  recordCancellation(): void;
}

/** A circuit breaker. */
export interface CircuitBreaker {
  /**
   * Permits an attempt.
   *
   * @throws {CircuitOpenError} if the circuit is open
   */
  enter(url?: string): CircuitAttempt;
}

/**
 * Creates a circuit breaker. While the circuit is open, calls fail at once and the service gets time to recover. After that
 * one attempt at a time tries the service. Attempts from before the circuit opened no longer count.
 *
 * @param now returns the time of a monotonic clock in milliseconds
 */
export function createCircuitBreaker(
  { failures, forMs, openMs, maxOpenMs = openMs }: CircuitBreakerOptions,
  now: () => number,
): CircuitBreaker {
  let failuresInRow = 0;
  let failingSince = 0;
  let openUntil: number | undefined;
  let probing = false;
  let nextOpenMs = openMs;
  /** Changes when the circuit opens or closes. */
  let period = 0;

  function open(): void {
    openUntil = now() + nextOpenMs;
    nextOpenMs = Math.min(2 * nextOpenMs, maxOpenMs);
    probing = false;
    period += 1;
  }

  return {
    enter(url) {
      if (openUntil !== undefined) {
        const left = openUntil - now();
        if (left > 0 || probing) throw new CircuitOpenError(Math.max(left, 0), url);
        probing = true;
      }
      const enteredIn = period;
      const ifCurrent = (record: () => void) => () => {
        if (enteredIn === period) record();
      };
      return {
        recordSuccess: ifCurrent(() => {
          failuresInRow = 0;
          if (openUntil === undefined) return;
          openUntil = undefined;
          nextOpenMs = openMs;
          probing = false;
          period += 1;
        }),
        recordFailure: ifCurrent(() => {
          if (failuresInRow === 0) failingSince = now();
          failuresInRow += 1;
          if (probing || (failuresInRow >= failures && now() - failingSince >= forMs)) open();
        }),
        recordCancellation: ifCurrent(() => {
          probing = false;
        }),
      };
    },
  };
}
