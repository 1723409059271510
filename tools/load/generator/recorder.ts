import { type GoodAnswer, readAnswer } from './check-answer.ts';
import { createLatencies, type Latencies, type Percentiles } from './latencies.ts';
import type { Outcome } from './outcome.ts';
import { createSlowest, type SlowRequest } from './slowest.ts';

/** The counts of a part of the run: a window of the timeline, or a phase. */
export interface Counts {
  readonly answered: number;
  readonly failed: number;
  /** The number of failed requests by reason. */
  readonly errors: Readonly<Record<string, number>>;
  /**
   * The latency of the good answers, from the time at which the request was due. The delay of the load generator itself is not
   * part of it, but the time that a request waited because all connections were busy is.
   */
  readonly latency: Percentiles | null;
}

/** The counts of a phase. */
export interface PhaseCounts extends Counts {
  readonly seconds: number;
  /** Good answers per second. */
  readonly perSecond: number;
  /**
   * The latency measured from the time at which the request was sent. The difference to `latency` is time in the queue.
   */
  readonly serviceTime: Percentiles | null;
  /** The delay of the load generator itself, from the time at which a request was due until it noticed. */
  readonly lateness: Percentiles | null;
  /** The slowest good answers that name their trace. */
  readonly slowest: readonly SlowRequest[];
}

/** Counts the outcomes of one phase. */
export interface Recorder {
  add(outcome: Outcome): void;
  /** Returns the counts since the last call. */
  takeWindow(): Counts;
  /**
   * Returns the counts of the phase.
   *
   * @param plannedSeconds the length of the phase. The rate is taken over this time, or over the time until the last
   * answer if that was notably longer.
   */
  total(plannedSeconds: number): PhaseCounts;
}

/** Counts good and failed requests. */
interface Tally {
  answered: number;
  failed: number;
  errors: Record<string, number>;
  readonly latency: Latencies;
}

/** Creates a recorder for one phase. It calls `onAnswer` for each good answer. */
export function createRecorder(onAnswer: (text: number, answer: GoodAnswer) => void): Recorder {
  const all = emptyTally();
  const window = emptyTally();
  const serviceTime = createLatencies();
  const lateness = createLatencies();
  const slowest = createSlowest();
  let lastDone = 0;

  return {
    add(outcome) {
      const { text, due, noticed, sent, done } = outcome;
      const answer = readAnswer(outcome.answer);
      lastDone = Math.max(lastDone, done);
      if (noticed !== undefined) lateness.add(noticed - due);
      const latency = done - (noticed ?? due);
      for (const tally of [all, window]) count(tally, answer, latency);
      if ('error' in answer) return;
      if (sent !== undefined) serviceTime.add(done - sent);
      slowest.add(latency, answer);
      onAnswer(text, answer);
    },
    takeWindow() {
      const counts = countsOf(window);
      window.answered = 0;
      window.failed = 0;
      window.errors = {};
      window.latency.reset();
      return counts;
    },
    total(plannedSeconds) {
      const taken = lastDone / 1_000;
      const seconds = taken > plannedSeconds * 1.01 + 0.05 ? taken : plannedSeconds;
      return {
        ...countsOf(all),
        seconds,
        perSecond: all.answered / seconds,
        serviceTime: serviceTime.percentiles(),
        lateness: lateness.percentiles(),
        slowest: slowest.list(),
      };
    },
  };
}

function emptyTally(): Tally {
  return { answered: 0, failed: 0, errors: {}, latency: createLatencies() };
}

function count(tally: Tally, answer: ReturnType<typeof readAnswer>, milliseconds: number): void {
  if ('error' in answer) {
    tally.failed += 1;
    tally.errors[answer.error] = (tally.errors[answer.error] ?? 0) + 1;
  } else {
    tally.answered += 1;
    tally.latency.add(milliseconds);
  }
}

function countsOf({ answered, failed, errors, latency }: Tally): Counts {
  return { answered, failed, errors, latency: latency.percentiles() };
}
