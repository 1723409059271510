import { parentPort, workerData } from 'node:worker_threads';
import { type CheckedAnswers, createLabelCheck } from './check-answer.ts';
import { now } from './clock.ts';
import { openConnection, type Target } from './connection.ts';
import type { LoadLevel, Outcome } from './outcome.ts';
import { createPacer } from './pacer.ts';
import { type Counts, createRecorder, type PhaseCounts } from './recorder.ts';
import { createSender } from './sender.ts';
import type { TextToSend } from './texts.ts';
import { warmUp } from './warm-up.ts';

/** The options of the thread. */
export interface SenderData {
  readonly target: Target;
  readonly texts: readonly TextToSend[];
  readonly timeoutMs: number;
  readonly maxConnections: number;
}

/** A message to the thread: begin a run, stop it, or end the thread. */
export type SenderCommand =
  | {
      readonly kind: 'run';
      readonly loadLevel: LoadLevel;
      readonly durationMs: number;
      /** The length of the windows that are reported during the run; undefined for none. */
      readonly windowMs: number | undefined;
    }
  | { readonly kind: 'stop' }
  | { readonly kind: 'close' };

/** The counts of a window of a run. */
export interface WindowCounts extends Counts {
  readonly windowSeconds: number;
}

/** The result of a run. */
export interface LoadReport {
  readonly counts: PhaseCounts;
  /** The checks of the answers of this run and of those before it. */
  readonly answers: CheckedAnswers;
}

/** A message from the thread: it can run, a window of the present run, or the end of the run. */
export type SenderReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'window'; readonly window: WindowCounts }
  | { readonly kind: 'ended'; readonly report: LoadReport };

/** A window at the end of a run that is shorter than this share of a window would have a misleading rate. */
const MIN_SHARE_OF_WINDOW = 0.5;

const { target, texts, timeoutMs, maxConnections } = workerData as SenderData;
const port = parentPort!;
const pacer = createPacer();
const labels = createLabelCheck(texts);
let onOutcome = (_: Outcome) => {};
let stop = new AbortController();
const bodies = texts.map(({ body }) => Buffer.from(body));
const sender = createSender({
  pacer,
  bodies,
  timeoutMs,
  maxConnections,
  open: (events) => openConnection(target, timeoutMs, events),
  onOutcome: (outcome) => onOutcome(outcome),
});

port.on('message', (command: SenderCommand) => {
  if (command.kind === 'run') void run(command);
  else if (command.kind === 'stop') stop.abort();
  else void pacer.close().then(() => process.exit());
});
await warmUp(pacer, bodies[0]!);
send({ kind: 'ready' });

/** Runs one load level. An error ends the thread, which its creator reports. */
async function run({ loadLevel, durationMs, windowMs }: SenderCommand & { kind: 'run' }): Promise<void> {
  stop = new AbortController();
  const recorder = createRecorder(labels.check);
  const from = now();
  let windowFrom = from;
  let windowEnds = false;
  onOutcome = (outcome) => {
    recorder.add(outcome);
    if (windowEnds) closeWindow();
  };
  const closeWindow = () => {
    const end = now();
    const windowSeconds = (end - windowFrom) / 1_000;
    windowFrom = end;
    windowEnds = false;
    send({ kind: 'window', window: { windowSeconds, ...recorder.takeWindow() } });
  };
  // Closing a window takes some 0.2 ms, so the window waits for the next answer: just after one, a request is rarely due.
  const endWindow = () => {
    if (windowEnds) closeWindow();
    windowEnds = true;
  };
  const windows = windowMs === undefined ? undefined : setInterval(endWindow, windowMs);
  await sender.run(loadLevel, durationMs, stop.signal);
  clearInterval(windows);
  if (windowMs !== undefined && now() - windowFrom > windowMs * MIN_SHARE_OF_WINDOW) closeWindow();
  const plannedSeconds = (stop.signal.aborted ? now() - from : durationMs) / 1_000;
  send({ kind: 'ended', report: { counts: recorder.total(plannedSeconds), answers: labels.result() } });
}

function send(report: SenderReport): void {
  port.postMessage(report);
}
