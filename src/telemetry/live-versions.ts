/**
 * The time in milliseconds for which the series of a version stay after the version has left memory: longer than the
 * pauses of a scrape, and as long as the longest window of most rules.
 */
const SERIES_RETENTION_MS = 3_600_000;

interface LastUse {
  readonly model: string;
  readonly version: string;
  /** The last time when the version was in use, in milliseconds of the clock. */
  time: number;
}

/** The end of the series of a version. */
export type OnSeriesEnd = (model: string, version: string) => void;

/**
 * Decides which versions of models have series in the metrics. A version that is in use has them. After that they stay for
 * a while, and end. If the version is used again later, its counters start at 0.
 */
export class LiveVersions {
  readonly #retentionMs: number;
  readonly #now: () => number;
  readonly #lastUses = new Map<string, LastUse>();
  readonly #listeners: OnSeriesEnd[] = [];
  #isInUse: (model: string, version: string) => boolean = () => true;

  /** @param now returns the time in milliseconds, of a clock that is never set */
  constructor(retentionMs = SERIES_RETENTION_MS, now: () => number = () => performance.now()) {
    this.#retentionMs = retentionMs;
    this.#now = now;
  }

  /** Sets the function that returns whether a version is in use. Without it all are. */
  setInUse(isInUse: (model: string, version: string) => boolean): void {
    this.#isInUse = isInUse;
  }

  /** Adds a listener, which is called when the series of a version end. */
  onEnd(listener: OnSeriesEnd): void {
    this.#listeners.push(listener);
  }

  /** Records that a version is in use now, such as for feedback on its predictions. */
  touch(model: string, version: string): void {
    this.#lastUses.set(keyOf(model, version), { model, version, time: this.#now() });
  }

  /** Returns whether a version has series. */
  has(model: string, version: string): boolean {
    if (this.#lastUses.has(keyOf(model, version))) return true;
    if (!this.#isInUse(model, version)) return false;
    this.touch(model, version);
    return true;
  }

  /** Ends the series of versions that have not been in use for a while. Returns whether a version is one of them. */
  takeEnded(): (model: string, version: string) => boolean {
    const now = this.#now();
    const ended = new Map<string, LastUse>();
    for (const [key, use] of this.#lastUses) {
      if (this.#isInUse(use.model, use.version)) use.time = now;
      else if (now - use.time >= this.#retentionMs) ended.set(key, use);
    }
    for (const [key, { model, version }] of ended) {
      this.#lastUses.delete(key);
      for (const listener of this.#listeners) listener(model, version);
    }
    return (model, version) => ended.has(keyOf(model, version));
  }
}

function keyOf(model: string, version: string): string {
  return `${model}@${version}`;
}

/** The versions with series in this process. The service sets those in use. */
export const liveVersions = new LiveVersions();
