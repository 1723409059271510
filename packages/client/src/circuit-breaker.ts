import { CircuitOpenError } from './errors.ts';

export interface CircuitBreakerOptions {
  /** How many failures in a row open the circuit. */
  readonly failures: number;
  /** For how long there must have been nothing but failures, in milliseconds: a restart alone should not open it. */
  readonly forMs: number;
  /** How long it stays open, in milliseconds; then one call tries whether the service is back. */
  readonly openMs: number;
}

/** Whether to ask a service at all. */
export interface CircuitBreaker {
  /**
   * To be called before each attempt.
   *
   * @throws {CircuitOpenError} where it should not be made
   */
  enter(): void;
  /** The attempt got an answer. */
  succeeded(): void;
  /** The service is away, broken or too slow. */
  failed(): void;
  /** The attempt ended without saying anything of the service: its caller gave it up. */
  abandoned(): void;
}

/**
 * Leaves a failing service alone for a while: its callers get their answer at once, and it gets time to come back.
 *
 * @param now a clock in milliseconds
 */
export function createCircuitBreaker(
  { failures, forMs, openMs }: CircuitBreakerOptions,
  now: () => number,
): CircuitBreaker {
  let failed = 0;
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
    succeeded() {
      failed = 0;
      openUntil = undefined;
      probing = false;
    },
    failed() {
      if (failed === 0) failingSince = now();
      failed += 1;
      if (probing || (failed >= failures && now() - failingSince >= forMs)) openUntil = now() + openMs;
      probing = false;
    },
    abandoned() {
      probing = false;
    },
  };
}
