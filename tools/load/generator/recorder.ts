import { readAnswer } from './check-answer.ts';
import type { Outcome, OutcomeListener } from './generator.ts';
import { createLatencies, type Percentiles } from './latencies.ts';

/** The counts of a part of the run: a window of the timeline, or a phase. */
export interface Counts {
  readonly answered: number;
  readonly failed: number;
  /** The number of failed requests by reason. */
  readonly errors: Readonly<Record<string, number>>;
  /** The latency of the good answers, measured from the time at which the request was due. */
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
  /** The delay of the load generator itself, from the time at which a request was due until its timer fired. */
  readonly lateness: Percentiles | null;
}

/** Counts the outcomes of one phase. */
export interface Recorder extends OutcomeListener {
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

/** Creates a recorder for one phase. It calls `onLabel` for each good answer. */
export function createRecorder(onLabel: (text: number, label: string, model: string) => void): Recorder {
  const started = performance.now();
  const [latency, serviceTime, lateness, windowLatency] = Array.from({ length: 4 }, createLatencies) as [
    ReturnType<typeof createLatencies>,
    ReturnType<typeof createLatencies>,
    ReturnType<typeof createLatencies>,
    ReturnType<typeof createLatencies>,
  ];
  const errors: Record<string, number> = {};
  let windowErrors: Record<string, number> = {};
  let answered = 0;
  let failed = 0;
  let windowAnswered = 0;
  let windowFailed = 0;
  let lastDone = started;

  return {
    onOutcome(outcome: Outcome) {
      const answer = readAnswer(outcome.answer);
      lastDone = outcome.done;
      if ('error' in answer) {
        failed += 1;
        windowFailed += 1;
        errors[answer.error] = (errors[answer.error] ?? 0) + 1;
        windowErrors[answer.error] = (windowErrors[answer.error] ?? 0) + 1;
        return;
      }
      answered += 1;
      windowAnswered += 1;
      latency.add(outcome.done - outcome.due);
      windowLatency.add(outcome.done - outcome.due);
      if (outcome.sent !== undefined) serviceTime.add(outcome.done - outcome.sent);
      onLabel(outcome.text, answer.label, answer.model);
    },
    onLateness: lateness.add,
    takeWindow() {
      const counts = {
        answered: windowAnswered,
        failed: windowFailed,
        errors: windowErrors,
        latency: windowLatency.percentiles(),
      };
      windowErrors = {};
      windowAnswered = 0;
      windowFailed = 0;
      windowLatency.reset();
      return counts;
    },
    total(plannedSeconds) {
      const taken = (lastDone - started) / 1_000;
      const seconds = taken > plannedSeconds * 1.01 + 0.05 ? taken : plannedSeconds;
      return {
        answered,
        failed,
        errors,
        latency: latency.percentiles(),
        seconds,
        perSecond: answered / seconds,
        serviceTime: serviceTime.percentiles(),
        lateness: lateness.percentiles(),
      };
    },
  };
}
