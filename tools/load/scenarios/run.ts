import type { createLabelCheck } from '../generator/check-answer.ts';
import type { Generator } from '../generator/generator.ts';
import type { LoadLevel } from '../generator/outcome.ts';
import { type Counts, createRecorder, type PhaseCounts } from '../generator/recorder.ts';

/** A part of the run with one load level. */
export interface Phase {
  readonly name: string;
  readonly loadLevel: LoadLevel;
  readonly durationMs: number;
  /** False for a warm-up: its numbers are shown, but not checked against the thresholds. */
  readonly counted: boolean;
}

/** The result of a phase. `from` and `to` are in seconds since the start of the run. */
export interface PhaseResult extends Omit<Phase, 'durationMs'>, PhaseCounts {
  readonly from: number;
  readonly to: number;
}

/** A window of the timeline. */
export interface TimelineRow extends Counts {
  /** The end of the window, in seconds since the start of the run. */
  readonly seconds: number;
  readonly windowSeconds: number;
  /** The name of the phase. */
  readonly phase: string;
  /** The requested rate of an open loop, in requests per second; `null` in a closed loop. */
  readonly targetRate: number | null;
}

/** A run in progress. Scenarios run its phases one after the other. */
export interface Run {
  readonly signal: AbortSignal;
  readonly phases: readonly PhaseResult[];
  readonly timeline: readonly TimelineRow[];
  /** Returns the seconds since the start of the run. */
  secondsNow(): number;
  /** Runs a phase to its end. */
  phase(phase: Phase): Promise<PhaseResult>;
}

/** Options of `createRun`. */
export interface RunOptions {
  readonly generator: Generator;
  readonly windowMs: number;
  readonly labels: ReturnType<typeof createLabelCheck>;
  readonly signal: AbortSignal;
  readonly onWindow: (row: TimelineRow) => void;
}

/** Creates a run and starts its clock. */
export function createRun({ generator, windowMs, labels, signal, onWindow }: RunOptions): Run {
  const started = performance.now();
  const phases: PhaseResult[] = [];
  const timeline: TimelineRow[] = [];
  const secondsNow = () => (performance.now() - started) / 1_000;

  return { signal, phases, timeline, secondsNow, phase: runPhase };

  async function runPhase({ durationMs, ...phase }: Phase): Promise<PhaseResult> {
    const recorder = createRecorder(labels.check);
    const from = secondsNow();
    let windowFrom = from;
    const closeWindow = () => {
      const seconds = secondsNow();
      const targetRate = 'rate' in phase.loadLevel ? phase.loadLevel.rate : null;
      const windowSeconds = seconds - windowFrom;
      const row = { seconds, windowSeconds, phase: phase.name, targetRate, ...recorder.takeWindow() };
      windowFrom = seconds;
      timeline.push(row);
      onWindow(row);
    };
    const windows = setInterval(closeWindow, windowMs);
    try {
      await generator.run(phase.loadLevel, durationMs, recorder.add, signal);
    } finally {
      clearInterval(windows);
    }
    // The rate of a very short window would be misleading; the totals of the phase hold its answers.
    if (secondsNow() - windowFrom > windowMs / 2_000) closeWindow();
    const planned = signal.aborted ? secondsNow() - from : durationMs / 1_000;
    const result = { ...phase, ...recorder.total(planned), from, to: secondsNow() };
    phases.push(result);
    return result;
  }
}
