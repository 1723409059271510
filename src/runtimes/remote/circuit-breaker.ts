/** The permission for one request. Exactly one of its functions is called, after the request. */
export interface Pass {
  succeed(): void;
  fail(): void;
  /** The request has shown nothing about the endpoint: its client has left. */
  release(): void;
}

/** Stops requests to an endpoint that fails. After a pause one request finds out whether it works again. */
export interface CircuitBreaker {
  /**
   * Asks for a request.
   *
   * @param now the milliseconds of a monotonic clock
   * @returns the permission, or the milliseconds until the next one
   */
  enter(now: number): Pass | number;
}

/** Options of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** The number of failures in a row after which the pause begins. */
  readonly maxFailures?: number;
  readonly firstPauseMs?: number;
  readonly maxPauseMs?: number;
  /** The clock of failures, in milliseconds. */
  readonly clock?: () => number;
}

/** Creates a circuit breaker. Each request after a pause that fails doubles the next pause. */
export function createCircuitBreaker({
  maxFailures = 5,
  firstPauseMs = 1_000,
  maxPauseMs = 30_000,
  clock = () => performance.now(),
}: CircuitBreakerOptions = {}): CircuitBreaker {
  let failures = 0;
  let pauseMs = 0;
  let openUntil = 0;
  let isProbing = false;

  function pause(): void {
    pauseMs = pauseMs === 0 ? firstPauseMs : Math.min(2 * pauseMs, maxPauseMs);
    openUntil = clock() + pauseMs;
  }

  function createPass(isProbe: boolean): Pass {
    return {
      succeed() {
        failures = 0;
        pauseMs = 0;
        isProbing = false;
      },
      fail() {
        if (isProbe) isProbing = false;
        // Requests from before the pause end during it. They do not make it longer.
        const isOpen = pauseMs > 0;
        if (isOpen && !isProbe) return;
        failures += 1;
        if (isProbe || failures >= maxFailures) pause();
      },
      release() {
        if (isProbe) isProbing = false;
      },
    };
  }

  return {
    enter(now) {
      if (pauseMs === 0) return createPass(false);
      if (now < openUntil) return openUntil - now;
      if (isProbing) return firstPauseMs;
      isProbing = true;
      return createPass(true);
    },
  };
}
