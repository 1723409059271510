export interface BackoffOptions {
  /** The longest first wait, in milliseconds; it doubles with each further one. */
  readonly baseMs: number;
  /** The longest of all waits. */
  readonly maxMs: number;
}

/**
 * How long to wait before the next attempt: anything from nothing to an exponentially growing limit ("full jitter"), so
 * that callers who failed together do not come back together. Where the service said when to come back, not before that.
 *
 * @param attempt how many attempts have failed
 */
export function backoff(attempt: number, { baseMs, maxMs }: BackoffOptions, retryAfterMs = 0): number {
  return retryAfterMs + Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}

/** The milliseconds that a `retry-after` header asks for; undefined where there is none that can be read. */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** Waits, but not longer than until the signal aborts; rejects with its reason then. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    }, ms);
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
}
