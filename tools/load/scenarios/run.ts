import type { createLabelJudge } from '../generator/check-answer.ts';
import type { Generator, Pressure } from '../generator/generator.ts';
import { type Counts, createRecorder, type PhaseCounts } from '../generator/recorder.ts';

/** A stretch of the run under one pressure. */
export interface Phase {
  readonly name: string;
  readonly pressure: Pressure;
  readonly durationMs: number;
  /** Whether thresholds look at it; a warm-up is shown, but does not count. */
  readonly counts: boolean;
}

export interface PhaseResult extends Omit<Phase, 'durationMs'>, Omit<PhaseCounts, 'counts'> {
  /** When it began and ended, in seconds since the start of the run. */
  readonly from: number;
  readonly to: number;
}

/** A window of the timeline. */
export interface TimelineRow extends Counts {
  /** The end of the window, since the start of the run. */
  readonly seconds: number;
  readonly windowSeconds: number;
  readonly phase: string;
  /** The rate asked for, in an open loop. */
  readonly asked: number | null;
}

/** A run under way: scenarios tell it what to do next. */
export interface Run {
  readonly signal: AbortSignal;
  readonly phases: readonly PhaseResult[];
  readonly timeline: readonly TimelineRow[];
  secondsNow(): number;
  phase(phase: Phase): Promise<PhaseResult>;
}

export interface RunOptions {
  readonly generator: Generator;
  readonly windowMs: number;
  readonly labels: ReturnType<typeof createLabelJudge>;
  readonly signal: AbortSignal;
  readonly onWindow: (row: TimelineRow) => void;
}

/** Starts the clock of a run. */
export function createRun({ generator, windowMs, labels, signal, onWindow }: RunOptions): Run {
  const started = performance.now();
  const phases: PhaseResult[] = [];
  const timeline: TimelineRow[] = [];
  const secondsNow = () => (performance.now() - started) / 1_000;

  return { signal, phases, timeline, secondsNow, phase: runPhase };

  async function runPhase({ durationMs, ...phase }: Phase): Promise<PhaseResult> {
    const recorder = createRecorder(labels.judge);
    const from = secondsNow();
    let windowFrom = from;
    const closeWindow = () => {
      const seconds = secondsNow();
      const asked = 'rate' in phase.pressure ? phase.pressure.rate : null;
      const row = { seconds, windowSeconds: seconds - windowFrom, phase: phase.name, asked, ...recorder.window() };
      windowFrom = seconds;
      timeline.push(row);
      onWindow(row);
    };
    const windows = setInterval(closeWindow, windowMs);
    try {
      await generator.run(phase.pressure, durationMs, recorder, signal);
    } finally {
      clearInterval(windows);
    }
    // A very short window would show a rate that never was; the phase's totals have its answers.
    if (secondsNow() - windowFrom > windowMs / 2_000) closeWindow();
    const planned = signal.aborted ? secondsNow() - from : durationMs / 1_000;
    const result = { ...phase, ...recorder.total(planned), from, to: secondsNow() };
    phases.push(result);
    return result;
  }
}
