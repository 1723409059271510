import { setTimeout as delay } from 'node:timers/promises';

/** Something that happened, for the plot. */
export interface Event {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly label: string;
}

/** Tells what happens as it happens, and waits for what must. */
export interface Story {
  readonly events: readonly Event[];
  readonly startedAt: number;
  tell(text: string): void;
  /** Tells something that belongs into the plot. */
  statusMark(label: string, text: string, at?: number): void;
  /**
   * Waits for something to happen.
   *
   * @returns what the check found
   * @throws Error that names it, where it does not within its time limit
   */
  until<T>(what: string, limitSeconds: number, check: () => Promise<T | undefined>): Promise<T>;
}

/** @param broken rejects when there is no use in waiting any more */
export function beginStory(broken: Promise<never>): Story {
  const startedAt = Date.now();
  const events: Event[] = [];
  let isBroken = false;
  broken.catch(() => {
    isBroken = true;
  });
  const tell = (text: string, at = Date.now()) => {
    process.stdout.write(`${String(Math.round((at - startedAt) / 1_000)).padStart(4)} s  ${text}\n`);
  };

  async function poll<T>(what: string, limitSeconds: number, check: () => Promise<T | undefined>): Promise<T> {
    const deadline = performance.now() + limitSeconds * 1_000;
    for (;;) {
      const found = await check();
      if (found !== undefined) return found;
      if (isBroken) return broken;
      if (performance.now() > deadline) throw new Error(`within ${limitSeconds} s it did not happen that ${what}`);
      await delay(250);
    }
  }

  return {
    events,
    startedAt,
    tell: (text) => tell(text),
    statusMark(label, text, at = Date.now()) {
      events.push({ at, label });
      tell(text);
    },
    until: (what, limitSeconds, check) => Promise.race([poll(what, limitSeconds, check), broken]),
  };
}
