import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;

/** An event of the demonstration, for the plot. */
export interface Event {
  /** The time in milliseconds since 1970. */
  readonly at: number;
  readonly label: string;
}

/** The timeline of the demonstration. It prints the steps and collects the events for the plot. */
export interface Timeline {
  readonly events: readonly Event[];
  /** The printed messages with their times. */
  readonly lines: readonly string[];
  /** The start in milliseconds since 1970. */
  readonly startedAt: number;
  /** Prints a message with the time since the start. */
  log(message: string): void;
  /** Prints a message and adds an event with a label to the plot. */
  logEvent(label: string, message: string, at?: number): void;
  /**
   * Repeats a check until it returns a value.
   *
   * @param step a description of the expected step, for the error
   * @returns the value of the check
   * @throws {Error} after `limitSeconds`, or the error of the failed demonstration
   */
  waitFor<T>(step: string, limitSeconds: number, check: () => Promise<T | undefined>): Promise<T>;
}

/**
 * Starts the timeline.
 *
 * @param failed rejects when the demonstration cannot go on
 */
export function startTimeline(failed: Promise<never>): Timeline {
  const startedAt = Date.now();
  const events: Event[] = [];
  const lines: string[] = [];
  let hasFailed = false;
  failed.catch(() => {
    hasFailed = true;
  });
  const log = (message: string, at = Date.now()) => {
    const line = `${String(Math.round((at - startedAt) / 1_000)).padStart(4)} s  ${message}`;
    lines.push(line);
    process.stdout.write(`${line}\n`);
  };

  async function poll<T>(step: string, limitSeconds: number, check: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + limitSeconds * 1_000;
    for (;;) {
      const value = await check();
      if (value !== undefined) return value;
      if (hasFailed) return failed;
      if (performance.now() > deadline) throw new Error(`this step did not happen within ${limitSeconds} s: ${step}`);
      await delay(POLL_MS);
    }
  }

  return {
    events,
    lines,
    startedAt,
    log: (message) => log(message),
    logEvent(label, message, at = Date.now()) {
      events.push({ at, label });
      log(message);
    },
    waitFor: (step, limitSeconds, check) => Promise.race([poll(step, limitSeconds, check), failed]),
  };
}

/** Returns a promise that rejects when the service or another component ends or the demonstration is interrupted. */
export function rejectOnFailure(failed: Promise<string>, signal: AbortSignal): Promise<never> {
  const reason = Promise.race([
    failed,
    new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(String(signal.reason)))),
  ]);
  const rejected = reason.then((message): never => {
    throw new Error(message);
  });
  rejected.catch(() => {});
  return rejected;
}
