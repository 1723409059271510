import type { CheckedAnswers } from '../generator/check-answer.ts';
import type { Generator } from '../generator/generator.ts';
import type { LoadLevel } from '../generator/outcome.ts';
import type { PhaseCounts } from '../generator/recorder.ts';
import type { WindowCounts } from '../generator/sender-thread.ts';

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
export interface TimelineRow extends WindowCounts {
  /** The end of the window, in seconds since the start of the run. */
  readonly seconds: number;
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
  /** Returns the checks of all answers so far; undefined before the end of the first phase. */
  answers(): CheckedAnswers | undefined;
  /** Runs a phase to its end. */
  phase(phase: Phase): Promise<PhaseResult>;
}

/** Options of `createRun`. */
export interface RunOptions {
  readonly generator: Generator;
  readonly windowMs: number;
  readonly signal: AbortSignal;
  readonly onWindow: (row: TimelineRow) => void;
}

/** Creates a run and starts its clock. */
export function createRun({ generator, windowMs, signal, onWindow }: RunOptions): Run {
  const started = performance.now();
  const phases: PhaseResult[] = [];
  const timeline: TimelineRow[] = [];
  const secondsNow = () => (performance.now() - started) / 1_000;
  let checked: CheckedAnswers | undefined;

  return { signal, phases, timeline, secondsNow, answers: () => checked, phase: runPhase };

  async function runPhase({ durationMs, ...phase }: Phase): Promise<PhaseResult> {
    const from = secondsNow();
    const targetRate = 'rate' in phase.loadLevel ? phase.loadLevel.rate : null;
    const addWindow = (window: WindowCounts) => {
      const row = { seconds: secondsNow(), phase: phase.name, targetRate, ...window };
      timeline.push(row);
      onWindow(row);
    };
    const report = await generator.run(phase.loadLevel, durationMs, signal, { windowMs, onWindow: addWindow });
    checked = report.answers;
    const result = { ...phase, ...report.counts, from, to: secondsNow() };
    phases.push(result);
    return result;
  }
}
