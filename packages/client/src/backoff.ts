/** Limits of the delays between attempts. */
export interface BackoffOptions {
  /** The maximum of the first delay in milliseconds. It doubles with each attempt. */
  readonly baseMs: number;
  /** The maximum of every delay in milliseconds. */
  readonly maxMs: number;
}

/**
 * Returns the delay in milliseconds before the next attempt: a random time from 0 to a limit that doubles ("full
 * jitter"), so that clients which failed together do not retry together. Source:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt the number of failed attempts, from 1
 * @param retryAfterMs the time that the service asked for; it is added to the random time
 */
export function backoffDelay(attempt: number, { baseMs, maxMs }: BackoffOptions, retryAfterMs = 0): number {
  return retryAfterMs + Math.random() * Math.min(maxMs, baseMs * 2 ** (attempt - 1));
}

/**
 * Returns the milliseconds that a `retry-after` header asks for, or `undefined` if the header is missing or invalid.
 *
 * @param now the current time in milliseconds since the epoch
 */
export function readRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** Waits for `ms` milliseconds. Rejects with the reason of the signal as soon as the signal aborts. */
export function wait(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', cancel);
      resolve();
    }, ms);
    signal.addEventListener('abort', cancel, { once: true });
    if (signal.aborted) cancel();
  });
}
