import { readAnswer } from './check-answer.ts';
import type { Listener, Outcome } from './generator.ts';
import { createLatencies, type Percentiles } from './latencies.ts';

/** What happened in one stretch of the run: a window of the timeline, or a whole phase. */
export interface Counts {
  readonly answered: number;
  readonly failed: number;
  /** How many requests failed for each reason. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of the good answers, from when the request was due. */
  readonly latency: Percentiles | null;
}

export interface PhaseCounts extends Counts {
  readonly seconds: number;
  /** Good answers a second. */
  readonly perSecond: number;
  /** From when the request was sent. The difference to `latency` is time in line. */
  readonly serviceTime: Percentiles | null;
  /** How late the load generator itself was. */
  readonly lateness: Percentiles | null;
}

export interface Recorder extends Listener {
  /** What happened since the last call. */
  window(): Counts;
  /** All of it; the rate is over the time planned, or until the last answer where that took notably longer. */
  total(plannedSeconds: number): PhaseCounts;
}

/** Counts what a generator hears during one phase. `onLabel` hears of each good answer. */
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
    window() {
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
