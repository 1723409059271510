import { PACE } from './pace.ts';

/**
 * An effect that a fault may have on requests. `lost`: a request in progress may lose its connection. `refused`: the port may
 * be closed, too. `slow`: answers may wait until the effect ends.
 */
export type Effect = 'lost' | 'refused' | 'slow';

/** A request that was not answered as promised, or another broken promise. */
export interface Violation {
  /** Milliseconds since the start of the run. */
  readonly at: number;
  readonly promise: string;
  readonly detail: string;
  /** The faults that were active then. */
  readonly faults: readonly string[];
}

interface Window {
  readonly fault: string;
  readonly effects: ReadonlySet<Effect>;
  readonly from: number;
  to: number;
}

/** The time after a fault in which its effects may still be seen, in milliseconds. */
const AFTER_MS = 1_000 * PACE;

/** The time that a killed process may have counted last before its end, in milliseconds: a snapshot, on a busy machine. */
const UNCOUNTED_MS = 2_500 * PACE;

/** The number of broken promises of one kind that are printed. */
const MAX_PRINTED = 10;

/** The record of one run: what was acknowledged, what may have gone wrong by which fault, and what has gone wrong. */
export class Ledger {
  readonly violations: Violation[] = [];
  /** The labels of acknowledged feedback by the ids of the predictions. */
  readonly feedback = new Map<string, string>();
  /** The reasons of acknowledged changes of roles, and of those whose answer was an error. */
  readonly changed = new Set<string>();
  readonly unchanged = new Set<string>();
  /** The tokens of acknowledged mails, and of all mails that were sent. */
  readonly mails = new Set<string>();
  readonly sentMails = new Set<string>();
  readonly outcomes = new Map<string, number>();
  readonly #windows: Window[] = [];
  readonly #started = performance.now();
  #predictions: { at: number; count: number }[] = [];
  #unknownPredictions = 0;
  #uncounted = 0;

  now(): number {
    return performance.now() - this.#started;
  }

  violate(promise: string, detail: string): void {
    const at = Math.round(this.now());
    const faults = this.#windows.filter(({ from, to }) => from <= at && to + AFTER_MS >= at).map(({ fault }) => fault);
    this.violations.push({ at, promise, detail, faults });
    if (this.violations.filter((one) => one.promise === promise).length > MAX_PRINTED) return;
    process.stdout.write(
      `  !! ${(at / 1_000).toFixed(1)} s ${promise}: ${detail} (${faults.join(', ') || 'no fault'})\n`,
    );
  }

  /** Counts outcomes of requests, for the report. */
  count(outcome: string): void {
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
  }

  /** Opens a window in which a fault may have effects. Returns the function that closes it. */
  open(fault: string, effects: readonly Effect[]): () => void {
    const window: Window = { fault, effects: new Set(effects), from: this.now(), to: Number.POSITIVE_INFINITY };
    this.#windows.push(window);
    return () => {
      window.to = this.now();
    };
  }

  /** Returns whether a fault may have had an effect on a request that began at `from` and ends now. */
  allows(effect: Effect, from: number): boolean {
    return this.#windows.some((window) => window.effects.has(effect) && window.to + AFTER_MS >= from);
  }

  /** Returns the milliseconds since `from` in which answers had to come in time. */
  timeSince(from: number): number {
    const now = this.now();
    let slow = 0;
    let end = from;
    for (const window of this.#windows) {
      if (!window.effects.has('slow')) continue;
      const [start, to] = [Math.max(window.from, end), Math.min(window.to + AFTER_MS, now)];
      if (to <= start) continue;
      slow += to - start;
      end = to;
    }
    return now - from - slow;
  }

  /** Records predictions that were answered, or that may have been made without an answer. */
  addPredictions(count: number, isAnswered: boolean): void {
    if (isAnswered) this.#predictions.push({ at: this.now(), count });
    else this.#unknownPredictions += count;
  }

  /** Records the kill of a process. Its last counts are lost. */
  addKill(): void {
    const now = this.now();
    for (const prediction of this.#predictions) {
      if (prediction.at < now - UNCOUNTED_MS) continue;
      this.#uncounted += prediction.count;
      this.#unknownPredictions += prediction.count;
      prediction.count = 0;
    }
  }

  /** Starts to count again: the process with the counters has ended. */
  resetPredictions(): void {
    this.#predictions = [];
    this.#unknownPredictions = 0;
    this.#uncounted = 0;
  }

  /** Returns the bounds of the number of predictions that the service must have counted. */
  predictionBounds(): { least: number; most: number } {
    const least = this.#predictions.reduce((sum, { count }) => sum + count, 0);
    return { least, most: least + this.#unknownPredictions };
  }
}
